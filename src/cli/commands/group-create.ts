import { type Command, given, once } from "../command.ts"
import { UsageError } from "../failures.ts"
import { parseDurationMs } from "../units.ts"
import { groupSettingPairs } from "./group-view.ts"
import { atLeastOne, orNone, parseRetryDelay } from "./setting-flags.ts"

type Reset = "earliest" | "latest" | "none" | { readonly durationMs: number }
type DeadLetter = { readonly queue: string } | { readonly topic: string }

/** `group create`: also changes what is there, as `PUT` does. */
export const groupCreate: Command = (yargs, choose) =>
  yargs.command(
    ["create <group>", "set"],
    "Create a group, or change the settings that are given",
    (y) =>
      y
        .positional("group", { type: "string", demandOption: true, describe: "Its name" })
        .option("type", { choices: ["consumer", "share"] as const, describe: "Fixed at creation" })
        .option("assignor", { choices: ["uniform", "range"] as const, describe: "How partitions are divided" })
        .option("session-timeout", { coerce: once(parseDurationMs), describe: "How long a member may be silent" })
        .option("heartbeat-interval", { coerce: once(parseDurationMs), describe: "How often members are to call" })
        .option("rebalance-timeout", { coerce: once(parseDurationMs), describe: "How long giving up may take" })
        .option("auto-offset-reset", {
          coerce: once(parseReset),
          describe: "earliest, latest, none, or an age such as 1h",
        })
        .option("offset-retention", {
          coerce: once(orNone(parseDurationMs)),
          describe: "Of a group without members; or none",
        })
        .option("ordering", { choices: ["none", "key"] as const, describe: "Of a share group; fixed at creation" })
        .option("lock-duration", { coerce: once(parseDurationMs), describe: "Share groups: how long a record is lent" })
        .option("max-deliveries", { coerce: once(orNone(atLeastOne)), describe: "Share groups: or none" })
        .option("max-locks", { coerce: once(atLeastOne), describe: "Share groups: how many records are lent" })
        .option("retry-delay", { coerce: once(parseRetryDelay), describe: "Share groups: 5s, linear:5s:1m, …" })
        .option("dead-letter", {
          coerce: once(orNone(parseDeadLetter)),
          describe: "Share groups: queue/<name>, topic/<name>, none",
        })
        .example("$0 group create billing --auto-offset-reset earliest", "Begins with the oldest records")
        .example("$0 group create mailers --type share --max-deliveries 3 --dead-letter queue/failed", "A share group"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const settings = given({
          type: flags.type,
          assignor: flags.assignor,
          sessionTimeoutMs: flags.sessionTimeout,
          heartbeatIntervalMs: flags.heartbeatInterval,
          rebalanceTimeoutMs: flags.rebalanceTimeout,
          autoOffsetReset: flags.autoOffsetReset,
          offsetRetentionMs: flags.offsetRetention,
          ordering: flags.ordering,
          lockDurationMs: flags.lockDuration,
          maxDeliveries: flags.maxDeliveries,
          maxLocks: flags.maxLocks,
          retryDelay: flags.retryDelay,
          deadLetter: flags.deadLetter,
        })
        const group = await admin().groups.put(flags.group, settings)
        await output.pairs(groupSettingPairs(group), group)
      }),
  )

function parseReset(text: string): Reset {
  return text === "earliest" || text === "latest" || text === "none" ? text : { durationMs: parseDurationMs(text) }
}

function parseDeadLetter(text: string): DeadLetter {
  const [kind, name, ...more] = text.split("/")
  if (!name || more.length > 0) throw new UsageError(`${JSON.stringify(text)} is not queue/<name> or topic/<name>`)
  if (kind === "queue") return { queue: name }
  if (kind === "topic") return { topic: name }
  throw new UsageError(`${JSON.stringify(text)} is not queue/<name> or topic/<name>`)
}
