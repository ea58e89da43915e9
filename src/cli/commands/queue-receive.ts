import type { Message } from "../../client/index.ts"
import { type Command, given, once } from "../command.ts"
import type { Context } from "../context.ts"
import { PartialFailure, UsageError } from "../failures.ts"
import type { Output, Row } from "../output.ts"
import { asReceived, cellOf, type Received, shownOf } from "../payload.ts"
import { reportOf } from "../report.ts"
import { formatInstant, parseDurationMs } from "../units.ts"
import { keep } from "./queue-keep.ts"
import { atLeastOne } from "./setting-flags.ts"
import { untilSilent } from "./until-silent.ts"

const DEFAULT_WAIT_MS = 2_000
/** Little, so that what somebody else could have is not held while the output is read slowly. */
const ACK_PREFETCH = 500
/** What is to go back at the end is held until then, and a subscription holds at most so many. */
const MAX_HELD = 10_000

/** What a receive is to do. */
export interface ReceiveOptions {
  readonly queue: string
  readonly max: number
  /** How long the next message is waited for. */
  readonly waitMs: number
  readonly visibilityTimeoutMs?: number
  readonly raw: boolean
}

/** `queue receive`: gives back what it showed, unless it is to acknowledge or to keep it. */
export const queueReceive: Command = (yargs, choose) =>
  yargs.command(
    "receive <queue>",
    "Take messages; they go back at the end unless you say --ack or --keep",
    (y) =>
      y
        .positional("queue", { type: "string", demandOption: true, describe: "Where from" })
        .option("max", { coerce: once(atLeastOne), describe: "At most so many; 1 unless told otherwise" })
        .option("wait", { coerce: once(parseDurationMs), describe: "For the next one; 2s unless told otherwise" })
        .option("ack", { type: "boolean", default: false, describe: "Acknowledge what was printed" })
        .option("keep", { type: "boolean", default: false, describe: "Let the leases run, and print receipts" })
        .option("follow", { type: "boolean", alias: "f", default: false, describe: "Until Ctrl-C; goes with --ack" })
        .option("visibility-timeout", { coerce: once(parseDurationMs), describe: "How long they are lent" })
        .option("raw", { type: "boolean", default: false, describe: "Only bodies, as they are, a line each" })
        .example("$0 queue receive jobs", "Show one and give it back")
        .example("$0 queue receive jobs --max 100 --ack --json", "Take up to 100, as NDJSON")
        .example("$0 queue receive jobs --follow --ack --raw | ./work", "Feed a program")
        .example("$0 queue receive jobs --wait 20s --keep --visibility-timeout 10m", "Work on it by hand"),
    (flags) => {
      const { queue, ack, follow, raw } = flags
      if (ack && flags.keep) throw new UsageError("--ack and --keep exclude each other")
      if (follow && !ack)
        throw new UsageError("--follow goes with --ack: what is given back would come again and again")
      const limit = follow ? Number.POSITIVE_INFINITY : 1
      const options: ReceiveOptions = {
        queue,
        raw,
        max: flags.max ?? limit,
        waitMs: flags.wait ?? (follow ? Number.POSITIVE_INFINITY : DEFAULT_WAIT_MS),
        ...given({ visibilityTimeoutMs: flags.visibilityTimeout }),
      }
      if (!ack && !flags.keep && options.max > MAX_HELD) {
        throw new UsageError(`without --ack or --keep at most ${MAX_HELD} can be held and given back`)
      }
      choose((context) => (flags.keep ? keep(context, options) : receive(context, options, ack)))
    },
  )

async function receive(context: Context, options: ReceiveOptions, ack: boolean): Promise<void> {
  const { output, signal } = context
  const { max, waitMs, visibilityTimeoutMs } = options
  const queue = (await context.broker()).queue(options.queue, { codec: asReceived })
  const begin = (ended: AbortSignal): AsyncIterable<Message<Received>> =>
    queue.messages({
      prefetch: Math.min(max, ack ? ACK_PREFETCH : MAX_HELD),
      autoExtend: true,
      signal: ended,
      ...given({ visibilityTimeoutMs }),
    })
  const acks = new Acks(output)
  let count = 0
  for await (const message of untilSilent(begin, waitMs, signal)) {
    await print(context, options, message)
    // nobody has read it: it goes back
    if (signal.aborted) break
    count += 1
    if (ack) acks.add(message)
    if (count >= max) break
  }
  await acks.done()
  if (count === 0) output.note("no message came")
}

/** Acknowledgements that are under way. */
class Acks {
  readonly #output: Output
  readonly #waiting = new Set<Promise<void>>()
  #failed = 0

  constructor(output: Output) {
    this.#output = output
  }

  add(message: Message<Received>): void {
    const settled = message.ack().catch((error: unknown) => {
      this.#failed += 1
      this.#output.error({ ...reportOf(error), id: message.id })
    })
    this.#waiting.add(settled)
    void settled.then(() => this.#waiting.delete(settled))
  }

  async done(): Promise<void> {
    await Promise.all(this.#waiting)
    if (this.#failed > 0) throw new PartialFailure("some messages were printed and could not be acknowledged")
  }
}

async function print({ output }: Context, { raw }: ReceiveOptions, message: Message<Received>): Promise<void> {
  if (!raw) return output.row(rowOf(message))
  await output.text(message.body.bytes)
  await output.text("\n")
}

function rowOf(message: Message<Received>): Row {
  const { id, deliveryCount, sentAt, groupId, headers } = message
  const shown = shownOf(message.body)
  const value = { id, deliveryCount, sentAt, ...given({ groupId }), ...headersOf(headers), ...shown }
  return { cells: [id, formatInstant(sentAt), deliveryCount, groupId ?? null, cellOf(shown)], value }
}

/** As over HTTP, a message without headers says nothing of them. */
function headersOf(headers: Message<Received>["headers"]): { readonly headers?: Message<Received>["headers"] } {
  return Object.keys(headers).length === 0 ? {} : { headers }
}
