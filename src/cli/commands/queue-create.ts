import type { Argv } from "yargs"
import { type Command, given, once } from "../command.ts"
import { parseBytes, parseDurationMs } from "../units.ts"
import { atLeastOne, orNone, parseRetryDelay } from "./setting-flags.ts"
import { queueSettingPairs } from "./queue-view.ts"

/** `queue create`: also changes what is there, as `PUT` does. */
export const queueCreate: Command = (yargs, choose) =>
  yargs.command(
    ["create <queue>", "set"],
    "Create a queue, or change the settings that are given",
    (y) =>
      deliveryFlags(limitFlags(y.positional("queue", { type: "string", demandOption: true, describe: "Its name" })))
        .example("$0 queue create failed", "A queue with the usual settings")
        .example("$0 queue create jobs --max-deliveries 3 --dead-letter-queue failed", "Poison goes to failed")
        .example("$0 queue create orders --ordering fifo", "In order, per message group")
        .example("$0 queue create jobs --retry-delay exponential:1s:5m:0.2", "Wait longer each time")
        .example("$0 queue set jobs --delivery-paused", "Stop handing out; --no-delivery-paused goes on"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const settings = given({
          ordering: flags.ordering,
          fair: flags.fair,
          singleActiveConsumer: flags.singleActiveConsumer,
          visibilityTimeoutMs: flags.visibilityTimeout,
          retentionMs: flags.retention,
          delayMs: flags.delay,
          maxDeliveries: flags.maxDeliveries,
          maxAttempts: flags.maxAttempts,
          deadLetterQueue: flags.deadLetterQueue,
          retryDelay: flags.retryDelay,
          onExpiry: flags.onExpiry,
          contentDeduplication: flags.contentDeduplication,
          dedupScope: flags.dedupScope,
          dedupWindowMs: flags.dedupWindow,
          maxMessages: flags.maxMessages,
          maxBytes: flags.maxBytes,
          maxInFlight: flags.maxInFlight,
          overflow: flags.overflow,
          sendingPaused: flags.sendingPaused,
          deliveryPaused: flags.deliveryPaused,
        })
        const queue = await admin().queues.put(flags.queue, settings)
        await output.pairs(queueSettingPairs(queue), queue)
      }),
  )

function deliveryFlags<T>(yargs: Argv<T>) {
  return yargs
    .option("ordering", { choices: ["standard", "fifo"] as const, describe: "Fixed at creation" })
    .option("fair", { type: "boolean", describe: "Group ids name tenants; fixed at creation" })
    .option("single-active-consumer", { type: "boolean", describe: "One consumer at a time" })
    .option("visibility-timeout", {
      coerce: once(parseDurationMs),
      describe: "How long a message is lent, such as 30s",
    })
    .option("delay", { coerce: once(parseDurationMs), describe: "Holds every message back, such as 5s" })
    .option("max-deliveries", { coerce: once(orNone(atLeastOne)), describe: "Then it is a dead letter; or none" })
    .option("max-attempts", {
      coerce: once(orNone(atLeastOne)),
      describe: "Deliveries with faults or without; or none",
    })
    .option("dead-letter-queue", { coerce: once(orNone(String)), describe: "Where dead letters go; or none" })
    .option("retry-delay", { coerce: once(parseRetryDelay), describe: "5s, linear:5s:1m, exponential:1s:5m:0.2" })
    .option("delivery-paused", { type: "boolean", describe: "Hands out nothing" })
}

function limitFlags<T>(yargs: Argv<T>) {
  return yargs
    .option("retention", { coerce: once(parseDurationMs), describe: "How old a message may get, such as 4d" })
    .option("on-expiry", { choices: ["drop", "dead-letter"] as const, describe: "What happens to one that is too old" })
    .option("content-deduplication", { type: "boolean", describe: "The same body is the same message" })
    .option("dedup-scope", { choices: ["queue", "group"] as const, describe: "Where a deduplication id counts" })
    .option("dedup-window", { coerce: once(parseDurationMs), describe: "How long ids are remembered, such as 5m" })
    .option("max-messages", { coerce: once(orNone(atLeastOne)), describe: "How many it may hold; or none" })
    .option("max-bytes", { coerce: once(orNone(parseBytes)), describe: "How much it may hold, such as 1gb; or none" })
    .option("max-in-flight", { coerce: once(atLeastOne), describe: "How many may be lent at a time" })
    .option("overflow", {
      choices: ["reject", "drop-oldest", "dead-letter"] as const,
      describe: "What a full queue does",
    })
    .option("sending-paused", { type: "boolean", describe: "Refuses every send" })
}
