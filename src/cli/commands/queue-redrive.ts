import { setTimeout as sleep } from "node:timers/promises"
import type { Redrive } from "../../client/index.ts"
import { type Command, given, once } from "../command.ts"
import type { Context } from "../context.ts"
import { PartialFailure, UsageError } from "../failures.ts"
import { startProgress } from "../progress.ts"
import type { Column } from "../table.ts"
import { formatInstant } from "../units.ts"
import { filterFlags, filterOf } from "./queue-filter.ts"
import { atLeastOne } from "./setting-flags.ts"

const COLUMNS: readonly Column[] = [
  { head: "ID", align: "right" },
  { head: "STATE" },
  { head: "TO" },
  { head: "MOVED", align: "right" },
  { head: "SKIPPED", align: "right" },
  { head: "REMAINING", align: "right" },
  { head: "STARTED" },
]

const FOLLOW_MS = 500

/** `queue redrive`: begins one, shows them, or ends the one that runs. */
export const queueRedrive: Command = (yargs, choose) =>
  yargs.command(
    "redrive <queue>",
    "Move dead letters back, all or those that match",
    (y) =>
      filterFlags(y.positional("queue", { type: "string", demandOption: true, describe: "Where they are now" }))
        .option("to", { coerce: once(String), describe: "A queue; unless told, the one that each came from" })
        .option("rate", { coerce: once(atLeastOne), describe: "At most so many a second" })
        .option("follow", { type: "boolean", alias: "f", default: false, describe: "Wait until it is done" })
        .option("status", { type: "boolean", default: false, describe: "Only show the last ones" })
        .option("cancel", { type: "boolean", default: false, describe: "End the one that runs" })
        .example("$0 queue redrive failed --follow", "All, each to where it came from")
        .example("$0 queue redrive failed --to jobs --reason expired --rate 100", "Some, slowly")
        .example("$0 queue redrive failed --status", "How far it is"),
    (flags) =>
      choose(async (context) => {
        if (flags.status && flags.cancel) throw new UsageError("--status and --cancel exclude each other")
        const { queues } = context.admin()
        if (flags.status) return show(context, (await queues.redrives(flags.queue)).redrives)
        if (flags.cancel) return show(context, [await queues.cancelRedrive(flags.queue)])
        const filter = filterOf(flags)
        const started = await queues.redrive(
          flags.queue,
          given({
            queue: flags.to,
            maxMessagesPerSecond: flags.rate,
            filter: Object.keys(filter).length === 0 ? undefined : filter,
          }),
        )
        await show(context, [flags.follow ? await followed(context, flags.queue, started) : started])
      }),
  )

async function followed({ admin, output, signal }: Context, queue: string, started: Redrive): Promise<Redrive> {
  const progress = startProgress(output, "messages", started.moved + started.skipped + started.remaining)
  try {
    let redrive = started
    while (redrive.state === "running") {
      await sleep(FOLLOW_MS, null, { signal })
      const { redrives } = await admin().queues.redrives(queue)
      const now = redrives.find(({ id }) => id === started.id)
      if (now === undefined) throw new PartialFailure(`the redrive ${started.id} is not there any more`)
      redrive = now
      progress.step(redrive.moved + redrive.skipped)
    }
    return redrive
  } finally {
    progress.end()
  }
}

async function show({ output }: Context, redrives: readonly Redrive[]): Promise<void> {
  const rows = redrives.map((redrive) => ({
    cells: [
      redrive.id,
      redrive.state,
      redrive.queue ?? "where they came from",
      redrive.moved,
      redrive.skipped,
      redrive.remaining,
      formatInstant(redrive.startedAt),
    ],
    value: redrive,
  }))
  await output.table(COLUMNS, rows, "there was no redrive")
}
