import type { PartitionProblem, SeekTarget, Sought } from "../../client/index.ts"
import { type Command, given, once } from "../command.ts"
import { PartialFailure } from "../failures.ts"
import type { Column } from "../table.ts"
import { parseCount, parseDurationMs, parseInstantAt } from "../units.ts"

const COLUMNS: readonly Column[] = [
  { head: "TOPIC" },
  { head: "PARTITION", align: "right" },
  { head: "BEFORE", align: "right" },
  { head: "AFTER", align: "right" },
]

/** `group seek`: with `--dry-run` only what would change. */
export const groupSeek: Command = (yargs, choose) =>
  yargs.command(
    "seek <group> <topic>",
    "Let a consumer group go on elsewhere",
    (y) =>
      y
        .positional("group", { type: "string", demandOption: true, describe: "Its name" })
        .positional("topic", { type: "string", demandOption: true, describe: "In which topic" })
        .option("to", {
          coerce: once(parseSeekTarget),
          demandOption: true,
          describe: "earliest, latest, an offset, +n or -n from where it is, a time or @<ms>, or an age such as 1h",
        })
        .option("partition", { type: "string", array: true, alias: "p", describe: "Only this one; may be repeated" })
        .option("dry-run", { type: "boolean", default: false, describe: "Only show what would change" })
        .example("$0 group seek billing flights --to earliest --dry-run", "What would change")
        .example("$0 group seek billing flights --to 2026-11-21T08:00Z", "Everything since then again")
        .example("$0 group seek billing flights --to=-100 -p 3", "A hundred records back in one partition"),
    (flags) => {
      const partitions = flags.partition?.map((text) => parseCount(text))
      const { to } = flags
      if (to === undefined) return
      choose(async ({ admin, output }) => {
        const { results } = await admin().groups.seek(flags.group, {
          topic: flags.topic,
          to,
          dryRun: flags.dryRun,
          ...given({ partitions }),
        })
        const moved = results.filter((result): result is Sought => result.problem === undefined)
        const refused = results.filter((result): result is PartitionProblem => result.problem !== undefined)
        const rows = moved.map((result) => ({
          cells: [result.topic, result.partition, result.before, result.offset],
          value: result,
        }))
        await output.table(COLUMNS, rows, "nothing moves")
        for (const { topic, partition, problem } of refused) {
          output.error({ code: problem.code, detail: `${topic}/${partition}: ${problem.detail}`, topic, partition })
        }
        if (flags.dryRun) output.note("nothing was changed: it was a dry run")
        if (refused.length > 0) throw new PartialFailure("some partitions stay where they are")
      })
    },
  )

/** `earliest`, `latest`, `42`, `+10`, `-10`, a time or `@<ms>`, `1h`; throws a UsageError for anything else. */
export function parseSeekTarget(text: string): SeekTarget {
  if (text === "earliest" || text === "latest") return text
  if (/^[+-]\d{1,15}$/.test(text)) return { shiftBy: Number(text) }
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) }
  if (/^\d[\d.]*[a-z]/.test(text)) return { durationMs: parseDurationMs(text) }
  return { timestamp: parseInstantAt(text, "earliest, latest, an offset, +10, -10, 1h") }
}
