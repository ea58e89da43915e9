import { type Codec, type Decode, decoderOf, encodeWith, json } from "./codec.ts"
import type { ConsumeOptions, HandlerContext, MessagesOptions } from "./consume/consume-options.ts"
import { deferConsumer, deferIterator } from "./consume/deferred.ts"
import type { Consumer } from "./consume/handler-loop.ts"
import { checkConsume, checkLeases } from "./consume/limits.ts"
import type { Context } from "./context.ts"
import { Entry } from "./entry.ts"
import type { MillraceError } from "./errors.ts"
import type { Message } from "./queue-consumer.ts"
import type { SendOptions } from "./send-options.ts"
import type { StandardSchema } from "./standard-schema.ts"
import { wireHeaders } from "./wire-headers.ts"
import { wireTerms } from "./wire-terms.ts"

/** How a queue is used. */
export interface QueueOptions<In, Out = In> {
  /** How bodies are written and read; `json()` where it is left out. */
  readonly codec?: Codec<In>
  /** Checks what was read; its output is the message's body. */
  readonly schema?: StandardSchema<unknown, Out>
  /** How long a message may wait for others to go with it, in milliseconds; 0 joins what is sent in one turn. */
  readonly lingerMs?: number
}

/** A message that is stored. */
export interface Sent {
  /** Null in rare cases where it was stored before its first answer was lost, and the broker has forgotten its id. */
  readonly id: string | null
  /** Whether an earlier try had stored it. */
  readonly repeated?: boolean
}

/** A message among others. */
export interface OutgoingMessage<In> extends SendOptions {
  readonly body: In
}

/** What became of one message of several. */
export type SendOutcome = (Sent & { readonly error?: undefined }) | { readonly error: MillraceError }

const encoder = new TextEncoder()

/** A queue, to send to and to receive from. Costs nothing until it is used; the queue must exist by then. */
export class Queue<In = unknown, Out = In> {
  readonly name: string
  readonly #context: Context
  readonly #codec: Codec<In>
  readonly #decode: Decode<Out>
  readonly #lingerMs: number

  /** @internal */
  constructor(context: Context, name: string, { codec = json(), schema, lingerMs = 0 }: QueueOptions<In, Out>) {
    this.name = name
    this.#context = context
    this.#codec = codec
    this.#decode = decoderOf(codec, schema)
    this.#lingerMs = lingerMs
  }

  /**
   * Sends a message; resolves when it is stored. It is stored once, also where the connection breaks meanwhile, and
   * behind what this client sent to the queue before. What is sent in one turn goes as one batch.
   * Rejects with MillraceError: `not_found`, `queue_full`, `queue_paused`, `invalid_field`, `payload_too_large`, …
   */
  async send(body: In, options: SendOptions = {}): Promise<Sent> {
    this.#context.connection.closing.throwIfAborted()
    const entry = this.#entry(body, options)
    this.#context.queues.of(this.name).add(entry, this.#lingerMs)
    return (await entry.stored) as unknown as Sent
  }

  /** Sends messages in their order; answers for each what became of it, in the same order. Never rejects for one. */
  async sendBatch(messages: readonly OutgoingMessage<In>[]): Promise<SendOutcome[]> {
    return Promise.all(
      messages.map(({ body, ...options }) => {
        return this.send(body, options).catch((error: unknown) => ({ error: error as MillraceError }))
      }),
    )
  }

  /**
   * Receives messages, and runs `handler` for each: up to `concurrency` at once. A message is acknowledged when its
   * handler resolves. It goes back when the handler throws, or when it can't be decoded: to come again, or to the
   * dead-letter queue after `maxDeliveries`; throw `RetryLater` or `Reject` to say which. Leases are extended while
   * handlers run. Begins at once; throws MillraceError `invalid_field` for options that can't be.
   */
  consume(
    handler: (message: Message<Out>, context: HandlerContext) => unknown,
    options: ConsumeOptions<Message<Out>> = {},
  ): Consumer {
    checkConsume(options)
    const load = async (): Promise<Consumer> => {
      return (await import("./queue-consumer.ts")).consumeQueue(this.#source, handler, options)
    }
    return deferConsumer(load, options.onError)
  }

  /**
   * Receives messages one by one. Each is to be settled by `ack` or `nack` within its `visibilityTimeoutMs`, else it
   * goes to somebody else; `prefetch` of them are held at most. Leaving the loop gives back what is not settled.
   * The loop throws MillraceError where it can't go on (`not_found`, `forbidden`, …) or its signal aborts (`aborted`).
   */
  messages(options: MessagesOptions = {}): AsyncIterableIterator<Message<Out>> {
    checkLeases(options)
    return deferIterator(
      async () => (await import("./queue-consumer.ts")).queueMessages(this.#source, options),
      () => this.#context.connection.closing.aborted,
    )
  }

  get #source() {
    return { context: this.#context, name: this.name, decode: this.#decode }
  }

  #entry(body: In, options: SendOptions): Entry {
    const { format, bytes: value } = encodeWith(this.#codec, body)
    const key = options.groupId === undefined ? null : encoder.encode(options.groupId)
    const headers = wireHeaders(options.headers, this.#context.tracing)
    return new Entry({ format, value, key, headers, producedAt: null, terms: wireTerms(options) }, null, options.signal)
  }
}
