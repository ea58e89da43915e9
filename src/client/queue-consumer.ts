import { type DeliveredMessage, decodeMessages, headerTexts } from "../protocol/native/wire-deliver-decode.ts"
import type { Decode, Format } from "./codec.ts"
import { type ConsumeOptions, DEFAULT_CONCURRENCY, DEFAULT_LEASE_MS } from "./consume/consume-options.ts"
import type { HandlerContext, LeaseOptions, MessagesOptions } from "./consume/consume-options.ts"
import { type Consumer, HandlerLoop, type Make } from "./consume/handler-loop.ts"
import { Held, type Settleable } from "./consume/held.ts"
import { Leases } from "./consume/leases.ts"
import { MAX_PREFETCH } from "./consume/limits.ts"
import { messageLoop } from "./consume/message-loop.ts"
import type { Context } from "./context.ts"
import { errorOf } from "./errors.ts"
import type { Headers } from "./headers.ts"

/** A message that this client has for a while. */
export interface Message<Body> extends Settleable {
  /** As its sender was told. */
  readonly id: string
  readonly body: Body
  readonly headers: Headers
  /** Of a fifo or a fair queue. */
  readonly groupId: string | undefined
  /** When the broker stored it, in milliseconds since the epoch. */
  readonly sentAt: number
}

/**
 * A queue to receive from.
 * @internal
 */
export interface QueueSource<Body> {
  readonly context: Context
  readonly name: string
  readonly decode: Decode<Body>
}

const decoder = new TextDecoder()

/**
 * Runs `handler` for each message of a queue; see `Queue.consume`. Throws MillraceError `invalid_field`.
 * @internal
 */
export function consumeQueue<Body>(
  source: QueueSource<Body>,
  handler: (message: Message<Body>, context: HandlerContext) => unknown,
  options: ConsumeOptions<Message<Body>> = {},
): Consumer {
  const { concurrency = DEFAULT_CONCURRENCY, prefetch = Math.min(2 * concurrency, MAX_PREFETCH) } = options
  const leases = openQueue(source, options, prefetch)
  return new HandlerLoop({ context: source.context, leases, make: maker(source), handler, concurrency, options })
}

/**
 * The messages of a queue one by one; see `Queue.messages`.
 * @internal
 */
export function queueMessages<Body>(
  source: QueueSource<Body>,
  options: MessagesOptions = {},
): AsyncIterableIterator<Message<Body>> {
  const open = (prefetch: number): Leases<DeliveredMessage> => openQueue(source, options, prefetch)
  return messageLoop({ context: source.context, open, make: maker(source), options })
}

function openQueue(
  { context, name }: QueueSource<unknown>,
  { visibilityTimeoutMs = DEFAULT_LEASE_MS, ordered = true }: LeaseOptions,
  prefetch: number,
): Leases<DeliveredMessage> {
  const kind = { target: { queue: name }, timeField: "visibilityTimeoutMs", decode: decodeMessages, ordered } as const
  const leases = new Leases<DeliveredMessage>(context.connection, kind, visibilityTimeoutMs)
  leases.add({}, { prefetch })
  return leases
}

function maker<Body>({ decode }: QueueSource<Body>): Make<DeliveredMessage, Message<Body>> {
  return async (leases, lease) => {
    const { id, sentAt, record, problem } = lease.entry
    if (record === null) throw errorOf(problem)
    // there are no tombstones in a queue
    const body = await decode(record.value, record.format as Format)
    const groupId = record.key === null ? undefined : decoder.decode(record.key)
    return Object.assign(new Held(leases, lease), { id, body, headers: headerTexts(record.headers), groupId, sentAt })
  }
}
