import type { Appended } from "../../client/index.ts"
import { type Command, given, once, pairsOf } from "../command.ts"
import type { Context } from "../context.ts"
import { PartialFailure, UsageError } from "../failures.ts"
import { jsonPayload, sizeOf, textOrBytes, writtenJson } from "../payload.ts"
import { pipelined } from "../pipeline.ts"
import { NO_PROGRESS, startProgress } from "../progress.ts"
import { formatCount, formatDuration, parseCount, parseDurationMs, parseInstantAt } from "../units.ts"
import { type NewRecord, recordsOf } from "./topic-records.ts"

const DEFAULT_LINGER_MS = 5

/** `topic produce`: records of the command line or of stdin. */
export const topicProduce: Command = (yargs, choose) =>
  yargs.command(
    ["produce <topic> [value..]", "append"],
    "Append records; without a value, the lines of stdin",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Where to" })
        .positional("value", { type: "string", array: true, describe: "Text, a record each" })
        .option("json-body", { type: "string", array: true, default: [], describe: "A JSON value, a record each" })
        .option("key", { coerce: once(String), alias: "k", describe: "Key of each record" })
        .option("key-separator", { coerce: once(String), describe: "Divides each line in key and value" })
        .option("ndjson", { type: "boolean", default: false, describe: "Lines of stdin are records as objects" })
        .option("header", { type: "string", array: true, default: [], describe: "name=value, for each record" })
        .option("partition", { coerce: once(parseCount), alias: "p", describe: "In place of the key's" })
        .option("timestamp", { coerce: once(parseInstantAt), describe: "Where the topic takes its producers' time" })
        .option("linger", { coerce: once(parseDurationMs), describe: "How long a batch waits for more; 5ms" })
        .example("$0 topic produce flights 'to SFO' --key JFK", "One record")
        .example("$0 topic produce flights --key-separator : < flights.txt", "Lines such as JFK:to SFO")
        .example(`echo '{"key":"JFK","body":{"to":"SFO"}}' | $0 topic produce flights --ndjson`, "Records as objects"),
    (flags) => {
      const { key = null, keySeparator, ndjson, linger = DEFAULT_LINGER_MS } = flags
      // yargs leaves what stands behind `--` to itself
      const words = [...(flags.value ?? []), ...flags._.slice(2).map(String)]
      const jsonBodies = flags.jsonBody.map((json) => jsonPayload(json, "--json-body"))
      const count = words.length + jsonBodies.length
      if ((ndjson || keySeparator !== undefined) && count > 0)
        throw new UsageError("--ndjson and --key-separator read stdin")
      if (keySeparator === "") throw new UsageError("--key-separator is empty")
      const headers = flags.header.length === 0 ? undefined : pairsOf(flags.header)
      const common = { key, ...given({ headers, partition: flags.partition, timestamp: flags.timestamp }) }
      choose((context) => {
        const records = recordsOf(context, { words, jsonBodies, ndjson, keySeparator, common })
        return produce(context, flags.topic, linger, records, count === 0 ? null : count)
      })
    },
  )

async function produce(
  context: Context,
  name: string,
  lingerMs: number,
  records: AsyncIterable<NewRecord>,
  total: number | null,
): Promise<void> {
  const { output, signal } = context
  const began = performance.now()
  // on a terminal a list that goes by is of no use, and would run through the progress
  const lists = total !== null || output.json || !output.terminal.isTty
  const progress = lists && output.terminal.isTty ? NO_PROGRESS : startProgress(output, "records", total)
  const counts = { appended: 0, refused: 0 }
  const append = await appenderOf(context, name, lingerMs)
  try {
    for await (const outcome of pipelined({ items: records, send: append, bytesOf, waitsFor, signal })) {
      if ("answer" in outcome) {
        counts.appended += 1
        const { partition, offset } = outcome.answer
        if (lists) await output.row({ cells: [partition, offset], value: outcome.answer })
      } else {
        counts.refused += 1
        output.error({ code: outcome.error.code, detail: outcome.error.message, ...given({ line: outcome.item.line }) })
      }
      progress.step(counts.appended + counts.refused)
    }
  } finally {
    progress.end()
  }
  const refused = counts.refused === 0 ? "" : `, ${formatCount(counts.refused)} refused`
  if (counts.appended + counts.refused > 1) {
    output.note(`appended ${formatCount(counts.appended)}${refused} in ${formatDuration(performance.now() - began)}`)
  }
  if (counts.refused > 0) throw new PartialFailure("some records were refused")
}

type Appender = (record: NewRecord) => Promise<Appended>

/** Two producers, because a codec writes either JSON or what is none. */
async function appenderOf(context: Context, name: string, lingerMs: number): Promise<Appender> {
  const broker = await context.broker()
  const values = broker.topic(name, { codec: writtenJson }).producer({ lingerMs })
  const others = broker.topic(name, { codec: textOrBytes }).producer({ lingerMs })
  return ({ payload, line: _line, ...record }) => {
    if (payload === null) return others.send({ ...record, tombstone: true })
    if (payload.format === "json") return values.send({ ...record, value: payload.value })
    return others.send({ ...record, value: payload.value })
  }
}

const bytesOf = ({ payload }: NewRecord): number => (payload === null ? 0 : sizeOf(payload))

/** Two producers don't wait for each other, and the order of what was read is to be kept. */
const waitsFor = (record: NewRecord, before: NewRecord): boolean => isJson(record) !== isJson(before)

function isJson({ payload }: NewRecord): boolean {
  return payload?.format === "json"
}
