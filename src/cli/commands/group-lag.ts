import { setTimeout as sleep } from "node:timers/promises"
import { type Command, given, once } from "../command.ts"
import type { Context } from "../context.ts"
import type { Row } from "../output.ts"
import type { Column } from "../table.ts"
import { formatCount, parseDurationMs } from "../units.ts"

const COLUMNS: readonly Column[] = [
  { head: "TOPIC" },
  { head: "PARTITION", align: "right" },
  { head: "COMMITTED", align: "right" },
  { head: "END", align: "right" },
  { head: "LAG", align: "right" },
  { head: "MEMBER" },
]

const MIN_WATCH_MS = 100

/** `group lag`: how far a consumer group is behind. */
export const groupLag: Command = (yargs, choose) =>
  yargs.command(
    ["lag <group>", "offsets"],
    "How far a consumer group is behind, in each partition",
    (y) =>
      y
        .positional("group", { type: "string", demandOption: true, describe: "Its name" })
        .option("topic", { coerce: once(String), describe: "Only this one" })
        .option("watch", { coerce: once(parseDurationMs), describe: "Again and again, such as every 2s" })
        .example("$0 group lag billing", "A row for each partition")
        .example("$0 group lag billing --json | jq -s 'map(.lag) | add'", "The sum, for a script"),
    (flags) =>
      choose(async (context) => {
        await show(context, flags.group, flags.topic)
        while (flags.watch !== undefined) {
          await sleep(Math.max(flags.watch, MIN_WATCH_MS), null, { signal: context.signal })
          await show(context, flags.group, flags.topic)
        }
      }),
  )

async function show({ admin, output }: Context, group: string, topic: string | undefined): Promise<void> {
  const { lag, partitions } = await admin().groups.offsets(group, given({ topic }))
  const rows = partitions.map((at): Row => {
    const { committedOffset, endOffset, memberId } = at
    return { cells: [at.topic, at.partition, committedOffset, endOffset, at.lag, memberId], value: at }
  })
  await output.table(COLUMNS, rows, "it has no offsets yet")
  output.note(`${formatCount(lag)} ${lag === 1 ? "record" : "records"} behind in all`)
}
