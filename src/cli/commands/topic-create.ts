import type { Command } from "../command.ts"
import { given, once } from "../command.ts"
import { parseBytes, parseDurationMs } from "../units.ts"
import { atLeastOne, orNone } from "./setting-flags.ts"
import { topicSettingPairs } from "./topic-view.ts"

/** `topic create`: also changes what is there, as `PUT` does. */
export const topicCreate: Command = (yargs, choose) =>
  yargs.command(
    ["create <topic>", "set"],
    "Create a topic, or change the settings that are given",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Its name" })
        .option("partitions", { coerce: once(atLeastOne), describe: "How many; they can be added to" })
        .option("key-order", { choices: ["preserve", "relaxed"] as const, describe: "When partitions are added" })
        .option("cleanup", { choices: ["delete", "compact", "both"] as const, describe: "What happens to old records" })
        .option("retention", {
          coerce: once(orNone(parseDurationMs)),
          describe: "How old they get, such as 7d; or none",
        })
        .option("retention-bytes", {
          coerce: once(orNone(parseBytes)),
          describe: "Of a partition, such as 1gb; or none",
        })
        .option("min-compaction-lag", { coerce: once(parseDurationMs), describe: "How long a record stays whole" })
        .option("delete-retention", { coerce: once(parseDurationMs), describe: "How long a tombstone stays" })
        .option("max-record-bytes", { coerce: once(parseBytes), describe: "The largest record, such as 64kb" })
        .option("timestamp", { choices: ["broker", "producer"] as const, describe: "Whose time a record has" })
        .example("$0 topic create flights --partitions 8", "Eight partitions")
        .example("$0 topic create prices --cleanup compact", "The last record of each key stays")
        .example("$0 topic set flights --partitions 16 --retention 7d", "More of them, for a week"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const settings = given({
          partitions: flags.partitions,
          keyOrder: flags.keyOrder,
          cleanup: flags.cleanup,
          retentionMs: flags.retention,
          retentionBytes: flags.retentionBytes,
          minCompactionLagMs: flags.minCompactionLag,
          deleteRetentionMs: flags.deleteRetention,
          maxRecordBytes: flags.maxRecordBytes,
          timestamp: flags.timestamp,
        })
        const topic = await admin().topics.put(flags.topic, settings)
        await output.pairs(topicSettingPairs(topic), topic)
      }),
  )
