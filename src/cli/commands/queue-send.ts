import { type Command, given, once, pairsOf } from "../command.ts"
import type { Context } from "../context.ts"
import { PartialFailure, UsageError } from "../failures.ts"
import { sizeOf } from "../payload.ts"
import { pipelined } from "../pipeline.ts"
import { NO_PROGRESS, startProgress } from "../progress.ts"
import { formatCount, formatDuration, parseDurationMs, parseInstantAt } from "../units.ts"
import { type Entry, entriesOf, senderOf } from "./queue-entries.ts"

/** `queue send`: messages of the command line, of a file or of stdin. */
export const queueSend: Command = (yargs, choose) =>
  yargs.command(
    "send <queue> [body..]",
    "Send messages; without a body, the lines of stdin",
    (y) =>
      y
        .positional("queue", { type: "string", demandOption: true, describe: "Where to" })
        .positional("body", { type: "string", array: true, describe: "Text, a message each" })
        .option("json-body", { type: "string", array: true, default: [], describe: "A JSON value, a message each" })
        .option("file", { type: "string", array: true, default: [], describe: "A file's bytes, a message each" })
        .option("ndjson", { type: "boolean", default: false, describe: "Lines of stdin are messages as objects" })
        .option("header", { type: "string", array: true, default: [], describe: "name=value, for each message" })
        .option("group", { coerce: once(String), describe: "Message group" })
        .option("dedup", { coerce: once(String), describe: "Deduplication id, for one message" })
        .option("delay", { coerce: once(parseDurationMs), describe: "Deliver after, such as 10m" })
        .option("at", {
          coerce: once(parseInstantAt),
          conflicts: "delay",
          describe: "Deliver at, such as 2026-12-24T18:00Z",
        })
        .option("ttl", { coerce: once(parseDurationMs), describe: "Too late after, such as 1h" })
        .example("$0 queue send jobs hello", "One message of text")
        .example(`$0 queue send jobs --json-body '{"resize":"cat.png"}' --delay 10m`, "JSON, later")
        .example("seq 10000 | $0 queue send jobs", "Every line is a message")
        .example(
          `echo '{"body":1,"groupId":"anna"}' | $0 queue send orders --ndjson`,
          "Messages with options of their own",
        ),
    (flags) => {
      // yargs leaves what stands behind `--` to itself
      const words = [...(flags.body ?? []), ...flags._.slice(2).map(String)]
      const options = given({
        groupId: flags.group,
        dedupId: flags.dedup,
        delayMs: flags.delay,
        deliverAt: flags.at,
        ttlMs: flags.ttl,
        headers: flags.header.length === 0 ? undefined : pairsOf(flags.header),
      })
      const { jsonBody, file, ndjson } = flags
      const count = words.length + jsonBody.length + file.length
      if (ndjson && count > 0) throw new UsageError("--ndjson reads stdin: leave the bodies out")
      if (flags.dedup !== undefined && count !== 1) throw new UsageError("--dedup goes with exactly one body")
      choose((context) => {
        const entries = entriesOf(context, { words, jsonBodies: jsonBody, files: file, ndjson, options })
        return send(context, flags.queue, entries, count === 0 ? null : count)
      })
    },
  )

const bytesOf = ({ payload }: Entry): number => sizeOf(payload)

async function send(
  context: Context,
  name: string,
  entries: AsyncIterable<Entry>,
  total: number | null,
): Promise<void> {
  const { output, signal } = context
  const began = performance.now()
  // on a terminal a list that goes by is of no use, and would run through the progress
  const lists = total !== null || output.json || !output.terminal.isTty
  const progress = lists && output.terminal.isTty ? NO_PROGRESS : startProgress(output, "messages", total)
  const counts = { sent: 0, refused: 0 }
  const sendOne = senderOf(await context.broker(), name)
  try {
    for await (const outcome of pipelined({ items: entries, send: sendOne, bytesOf, signal })) {
      if ("answer" in outcome) {
        counts.sent += 1
        if (lists) await output.row({ cells: [outcome.answer.id], value: outcome.answer })
      } else {
        counts.refused += 1
        const { code, message } = outcome.error
        output.error({ code, detail: message, ...given({ line: outcome.item.line }) })
      }
      progress.step(counts.sent + counts.refused)
    }
  } finally {
    progress.end()
  }
  const refused = counts.refused === 0 ? "" : `, ${formatCount(counts.refused)} refused`
  if (counts.sent + counts.refused > 1) {
    output.note(`sent ${formatCount(counts.sent)}${refused} in ${formatDuration(performance.now() - began)}`)
  }
  if (counts.refused > 0) throw new PartialFailure("some messages were refused")
}
