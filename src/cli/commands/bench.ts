import { randomBytes } from "node:crypto"
import { type Command, once } from "../command.ts"
import type { Context } from "../context.ts"
import type { Cell } from "../table.ts"
import { formatBytes, formatCount, formatDuration, parseBytes, parseDurationMs } from "../units.ts"
import { type BenchOptions, type BenchResult, runBench } from "./bench-run.ts"
import { queueTarget, topicTarget } from "./bench-targets.ts"
import { atLeastOne } from "./setting-flags.ts"

const DEFAULT_FOR_MS = 10_000
const DEFAULT_SIZE_BYTES = 256
const DEFAULT_UNANSWERED = 1_000
const MIN_SIZE_BYTES = 16

/** `bench`: what this broker does from here, on a queue or topic of its own. */
export const bench: Command = (yargs, choose) =>
  yargs.command(
    "bench [what]",
    "Measure: send and receive on a queue or topic that is deleted afterwards",
    (y) =>
      y
        .positional("what", {
          choices: ["queue", "topic"] as const,
          default: "queue" as const,
          describe: "Through which",
        })
        .option("for", { coerce: once(parseDurationMs), describe: "How long to send; 10s unless told" })
        .option("messages", {
          coerce: once(atLeastOne),
          conflicts: "for",
          describe: "How many to send, in place of a time",
        })
        .option("size", { coerce: once(parseBytes), describe: "Bytes of each; 256 unless told" })
        .option("unanswered", { coerce: once(atLeastOne), describe: "How many may wait for an answer; 1000" })
        .option("rate", {
          coerce: once(atLeastOne),
          describe: "So many a second, to measure latency without a backlog",
        })
        .option("partitions", { coerce: once(atLeastOne), describe: "Of the topic; 1 unless told" })
        .option("consume", { type: "boolean", default: true, describe: "Or --no-consume, to send only" })
        .example("$0 bench", "A queue, for ten seconds")
        .example("$0 bench topic --messages 100000 --size 1kb --partitions 4", "Records, keyed by nothing")
        .example("$0 bench --rate 200 --for 30s", "Latency at 200 messages a second"),
    (flags) =>
      choose(async (context) => {
        const { what, messages } = flags
        const options: BenchOptions = {
          messages: messages ?? Number.POSITIVE_INFINITY,
          forMs: messages === undefined ? (flags.for ?? DEFAULT_FOR_MS) : Number.POSITIVE_INFINITY,
          sizeBytes: Math.max(MIN_SIZE_BYTES, flags.size ?? DEFAULT_SIZE_BYTES),
          unanswered: flags.unanswered ?? DEFAULT_UNANSWERED,
          ratePerSecond: flags.rate ?? Number.POSITIVE_INFINITY,
          consume: flags.consume,
        }
        const name = `millrace-bench-${randomBytes(6).toString("hex")}`
        const open = what === "queue" ? queueTarget(name) : topicTarget(name, flags.partitions ?? 1)
        await show(context, await runBench(context, open, options), options)
      }),
  )

async function show({ output }: Context, result: BenchResult, { sizeBytes, consume }: BenchOptions): Promise<void> {
  const { sent, received } = result
  const pairs: (readonly [string, Cell])[] = [
    ["sent", `${formatCount(sent.count)} of ${formatBytes(sizeBytes)} in ${formatDuration(sent.tookMs)}`],
    ["sending", `${formatCount(sent.perSecond)} messages/s, ${formatBytes(sent.bytesPerSecond)}/s`],
    ["send → stored", percentilesOf(sent)],
  ]
  if (consume) {
    pairs.push(
      ["received", `${formatCount(received.count)} in ${formatDuration(received.tookMs)}`],
      ["receiving", `${formatCount(received.perSecond)} messages/s, ${formatBytes(received.bytesPerSecond)}/s`],
      ["send → received", percentilesOf(received)],
    )
  }
  await output.pairs(pairs, { sizeBytes, sent, ...(consume ? { received } : {}) })
}

function percentilesOf({ p50Ms, p95Ms, p99Ms, maxMs }: BenchResult["sent"]): string {
  return `p50 ${shortMs(p50Ms)}, p95 ${shortMs(p95Ms)}, p99 ${shortMs(p99Ms)}, max ${shortMs(maxMs)}`
}

function shortMs(valueMs: number): string {
  return formatDuration(Math.round(valueMs * 10) / 10)
}
