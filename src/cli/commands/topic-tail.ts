import type { TopicRecord } from "../../client/index.ts"
import { type Command, given, once } from "../command.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../failures.ts"
import type { Row } from "../output.ts"
import { asReceived, cellOf, type Received, shownOf } from "../payload.ts"
import { formatInstant, parseCount } from "../units.ts"
import { atLeastOne } from "./setting-flags.ts"
import { parsePlace, type Place, readFromOf } from "./tail-place.ts"

type Read = TopicRecord<string, Received>

interface TailOptions {
  readonly topic: string
  readonly from: Place
  readonly partition: number | undefined
  readonly key: string | undefined
  readonly follow: boolean
  readonly max: number
  readonly raw: boolean
}

/** `topic tail`: reads without a group, so that nobody else notices. */
export const topicTail: Command = (yargs, choose) =>
  yargs.command(
    ["tail <topic>", "read"],
    "Read records, up to the end or on and on",
    (y) =>
      y
        .positional("topic", { type: "string", demandOption: true, describe: "Where from" })
        .option("from", {
          coerce: once(parsePlace),
          describe: "earliest, latest, an offset, -<n>, a time or @<ms>; unless told -10, or latest with --follow",
        })
        .option("partition", { coerce: once(parseCount), alias: "p", describe: "Only this one" })
        .option("key", { coerce: once(String), alias: "k", describe: "Only records with this key" })
        .option("follow", { type: "boolean", alias: "f", default: false, describe: "Until Ctrl-C" })
        .option("max", { coerce: once(atLeastOne), describe: "At most so many" })
        .option("raw", { type: "boolean", default: false, describe: "Only values, as they are, a line each" })
        .example("$0 topic tail flights", "The last 10 of each partition")
        .example("$0 topic tail flights --follow --json", "What comes from now on, as NDJSON")
        .example("$0 topic tail flights --from earliest --key JFK", "Everything of a key")
        .example("$0 topic tail flights --from 2026-11-21T08:00Z -p 3", "From a time on"),
    (flags) => {
      const { topic, partition, key, follow, raw, max = Number.POSITIVE_INFINITY } = flags
      const from: Place = flags.from ?? (follow ? { kind: "latest" } : { kind: "last", count: 10 })
      if (from.kind === "offset" && partition === undefined) {
        throw new UsageError("an offset belongs to a partition: say --partition")
      }
      choose((context) => tail(context, { topic, from, partition, key, follow, max, raw }))
    },
  )

async function tail(context: Context, options: TailOptions): Promise<void> {
  const { topic, partition, key, follow, max } = options
  const from = await readFromOf(context.admin().topics, topic, options.from)
  const records = (await context.broker()).topic(topic, { codec: asReceived }).read({
    from,
    signal: context.signal,
    ...(follow ? {} : { until: "end" }),
    ...given({ partition }),
  })
  let count = 0
  for await (const record of records) {
    if (key !== undefined && key !== record.key) continue
    await print(context, options, record)
    count += 1
    if (context.signal.aborted || count >= max) break
  }
  if (count === 0) context.output.note("there is nothing to read")
}

async function print({ output }: Context, { raw }: TailOptions, record: Read): Promise<void> {
  if (!raw) return output.row(rowOf(record))
  if (record.value === null) return
  await output.text(record.value.bytes)
  await output.text("\n")
}

function rowOf({ partition, offset, timestamp, key, value, headers }: Read): Row {
  const shown = value === null ? { tombstone: true } : shownOf(value)
  const cell = value === null ? null : cellOf(shownOf(value))
  return {
    cells: [partition, offset, formatInstant(timestamp), key, cell],
    value: { partition, offset, timestamp, key, ...shown, headers },
  }
}
