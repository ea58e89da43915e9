import { createInterface } from "node:readline/promises"
import type { Command } from "../command.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../failures.ts"
import { formatCount } from "../units.ts"
import { filterFlags, filterOf } from "./queue-filter.ts"

const STATES = ["ready", "in_flight", "delayed", "scheduled"] as const

/** `queue purge`: asks first where somebody is there to answer. */
export const queuePurge: Command = (yargs, choose) =>
  yargs.command(
    "purge <queue>",
    "Delete messages for good, all or those that match",
    (y) =>
      filterFlags(y.positional("queue", { type: "string", demandOption: true, describe: "Its name" }))
        .option("state", { choices: STATES, array: true, describe: "Only these; all unless told otherwise" })
        .option("yes", { type: "boolean", alias: "y", default: false, describe: "Don't ask" })
        .example("$0 queue purge jobs --yes", "Everything")
        .example("$0 queue purge failed --sent-before 2026-01-01 --yes", "Old dead letters"),
    (flags) =>
      choose(async (context) => {
        const filter = filterOf(flags)
        const which = Object.keys(filter).length === 0 && flags.state === undefined ? "all messages" : "these messages"
        await confirmed(context, flags.yes, `Delete ${which} of ${flags.queue} for good?`)
        const states = flags.state === undefined ? {} : { state: flags.state }
        const { removed } = await context.admin().queues.purge(flags.queue, { ...filter, ...states })
        await context.output.pairs([["removed", removed]], { removed })
        context.output.note(`${formatCount(removed)} messages are gone`)
      }),
  )

/** Goes on where the user agreed, on the command line or now; throws a UsageError elsewhere. */
export async function confirmed({ stdin, signal }: Context, yes: boolean, question: string): Promise<void> {
  if (yes) return
  if (!stdin.isTTY) throw new UsageError("this deletes data: say --yes where nobody can be asked")
  const prompt = createInterface({ input: stdin, output: process.stderr })
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError("nothing was done")
  } finally {
    prompt.close()
  }
}
