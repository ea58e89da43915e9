import type { Command } from "../command.ts"
import { confirmed } from "./queue-purge.ts"

/** `queue delete`: with everything in it. */
export const queueDelete: Command = (yargs, choose) =>
  yargs.command(
    ["delete <queue>", "rm"],
    "Delete a queue and its messages",
    (y) =>
      y
        .positional("queue", { type: "string", demandOption: true, describe: "Its name" })
        .option("yes", { type: "boolean", alias: "y", default: false, describe: "Don't ask" })
        .example("$0 queue delete jobs --yes", "Gone, with its messages"),
    (flags) =>
      choose(async (context) => {
        await confirmed(context, flags.yes, `Delete the queue ${flags.queue} and its messages for good?`)
        await context.admin().queues.delete(flags.queue)
        context.output.note(`${flags.queue} is gone`)
      }),
  )
