import { type Command, given, once } from "../command.ts"
import type { Row } from "../output.ts"
import type { Column } from "../table.ts"
import { formatBytes, formatDuration, formatInstant } from "../units.ts"
import { collected, everything } from "./paging.ts"
import { confirmed } from "./queue-purge.ts"
import { atLeastOne } from "./setting-flags.ts"
import { topicSettingPairs } from "./topic-view.ts"

const COLUMNS: readonly Column[] = [
  { head: "TOPIC" },
  { head: "PARTITIONS", align: "right" },
  { head: "CLEANUP" },
  { head: "RETENTION" },
  { head: "CREATED" },
]

const PARTITION_COLUMNS: readonly Column[] = [
  { head: "PARTITION", align: "right" },
  { head: "START", align: "right" },
  { head: "END", align: "right" },
  { head: "BYTES", align: "right" },
  { head: "LAST APPEND" },
]

/** `topic list`. */
export const topicList: Command = (yargs, choose) =>
  yargs.command(
    ["list", "ls"],
    "List topics",
    (y) =>
      y
        .option("prefix", { type: "string", describe: "Only names that begin so" })
        .option("limit", { coerce: once(atLeastOne), describe: "At most so many" })
        .example("$0 topic list", "All topics")
        .example("$0 topic list --json | jq -r .name", "Names for a script"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const topics = everything(async (query) => {
          const page = await admin().topics.list({ ...query, ...given({ prefix: flags.prefix }) })
          return { items: page.topics, cursor: page.cursor }
        }, flags.limit)
        const rows = (await collected(topics)).map((topic): Row => {
          const { partitions, cleanup, retentionMs } = topic.settings
          const retention = retentionMs === null ? null : { raw: retentionMs, shown: formatDuration(retentionMs) }
          return { cells: [topic.name, partitions, cleanup, retention, formatInstant(topic.createdAt)], value: topic }
        })
        await output.table(COLUMNS, rows, "there are no topics")
      }),
  )

/** `topic get`: settings. */
export const topicGet: Command = (yargs, choose) =>
  yargs.command(
    "get <topic>",
    "Show a topic's settings",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Its name" })
        .example("$0 topic get flights", "Settings of flights"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const topic = await admin().topics.get(flags.topic)
        await output.pairs(topicSettingPairs(topic), topic)
      }),
  )

/** `topic stats`: where each partition begins and ends. */
export const topicStats: Command = (yargs, choose) =>
  yargs.command(
    ["stats <topic>", "offsets"],
    "Where each partition begins and ends",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Its name" })
        .example("$0 topic stats flights", "A row for each partition"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const { partitions } = await admin().topics.get(flags.topic)
        const rows = partitions.map((at): Row => {
          const { partition, startOffset, endOffset, bytes, lastAppendedAt } = at
          const last = lastAppendedAt === 0 ? null : formatInstant(lastAppendedAt)
          return {
            cells: [partition, startOffset, endOffset, { raw: bytes, shown: formatBytes(bytes) }, last],
            value: at,
          }
        })
        await output.table(PARTITION_COLUMNS, rows)
      }),
  )

/** `topic delete`: with everything in it. */
export const topicDelete: Command = (yargs, choose) =>
  yargs.command(
    ["delete <topic>", "rm"],
    "Delete a topic and its records",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Its name" })
        .option("yes", { type: "boolean", alias: "y", default: false, describe: "Don't ask" })
        .example("$0 topic delete flights --yes", "Gone, with its records"),
    (flags) =>
      choose(async (context) => {
        await confirmed(context, flags.yes, `Delete the topic ${flags.topic} and its records for good?`)
        await context.admin().topics.delete(flags.topic)
        context.output.note(`${flags.topic} is gone`)
      }),
  )
