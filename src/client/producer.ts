import type { Identity } from "./batch.ts"
import { type Codec, encodeWith } from "./codec.ts"
import type { Context } from "./context.ts"
import { Entry } from "./entry.ts"
import { closedError, MillraceError } from "./errors.ts"
import type { Headers } from "./headers.ts"
import { openProducer } from "./producer-ids.ts"
import { Router } from "./router.ts"
import { wireHeaders } from "./wire-headers.ts"
import { checkInteger } from "./wire-terms.ts"

/** How records are published. */
export interface ProducerOptions {
  /** Whether each record is stored once, also where connections break; true. Else some may be stored twice. */
  readonly idempotent?: boolean
  /** How long a record may wait for others to go with it, in milliseconds; 5. */
  readonly lingerMs?: number
  /** A batch with so many bytes does not wait; 65,536. */
  readonly maxBatchBytes?: number
  /** What is held in memory for a slow broker; 16 MiB. `ready` waits while there is more. */
  readonly maxBufferedBytes?: number
  /** One producer of a name is there at a time: opening it again ends the one before it with `fenced`. */
  readonly name?: string
}

/** A record to publish. */
export interface OutgoingRecord<Key, Value> {
  /** Records of one key are in one partition, in order. Without one, records go where they fit best. */
  readonly key?: Key | null
  /** What it says; left out in a tombstone. */
  readonly value?: Value
  /** Says that there is nothing under the key any more; where a topic is compacted, that removes it. */
  readonly tombstone?: boolean
  readonly headers?: Headers
  /** Instead of the key's. */
  readonly partition?: number
  /** When it happened, where the topic keeps that; else when the broker stored it. */
  readonly timestamp?: Date | number
}

/** Where a record is stored. */
export interface Appended {
  readonly partition: number
  readonly offset: number
  /** Whether an earlier try had stored it. */
  readonly repeated?: boolean
}

const DEFAULT_LINGER_MS = 5
const DEFAULT_BATCH_BYTES = 64 * 1024
const DEFAULT_BUFFERED_BYTES = 16 * 1024 * 1024
/** The broker takes a publish of 2 MiB; a record that is as large as one may be still fits behind this. */
const MAX_BATCH_BYTES = 512 * 1024

/** Publishes records to a topic, in batches. */
export class Producer<Key = string, Value = unknown> {
  readonly #context: Context
  readonly #key: Codec<Key>
  readonly #codec: Codec<Value>
  readonly #router: Router
  readonly #name: string | undefined
  readonly #end = (): Promise<void> => this.close()
  readonly #fail = (): void => this.#stop(this.#context.connection.closing.reason as MillraceError)
  #identity: Promise<Identity> | null = null
  #over: MillraceError | null = null

  /** @internal */
  constructor(
    context: Context,
    topic: string,
    codecs: { readonly key: Codec<Key>; readonly codec: Codec<Value> },
    options: ProducerOptions,
  ) {
    const { connection } = context
    const { idempotent = true, name, maxBufferedBytes = DEFAULT_BUFFERED_BYTES } = options
    this.#context = context
    this.#key = codecs.key
    this.#codec = codecs.codec
    this.#name = name
    this.#router = new Router({
      connection,
      topic,
      lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS,
      maxBatchBytes: Math.min(options.maxBatchBytes ?? DEFAULT_BATCH_BYTES, MAX_BATCH_BYTES),
      maxBufferedBytes,
      identify: async (isFresh) => (idempotent ? this.#identify(isFresh) : null),
      fenced: (error) => this.#stop(error),
    })
    connection.beforeGoodbye.add(this.#end)
    connection.closing.addEventListener("abort", this.#fail)
    if (connection.closing.aborted) this.#fail()
  }

  /**
   * Publishes a record; resolves when it is stored. Records of a partition are stored in the order in which they were
   * given. Rejects with MillraceError: `not_found`, `invalid_field`, `payload_too_large`, `fenced`, `closed`, …;
   * with `aborted` for the signal's reason, and then it may be stored where it was said already.
   */
  async send(record: OutgoingRecord<Key, Value>, options: { readonly signal?: AbortSignal } = {}): Promise<Appended> {
    if (this.#over) throw this.#over
    const entry = this.#entry(record, options.signal)
    this.#router.add(entry)
    return (await entry.stored) as unknown as Appended
  }

  /** Resolves while less than `maxBufferedBytes` wait: who does not wait for `send` is held back by this. */
  ready(): Promise<void> {
    return this.#router.ready()
  }

  /** Publishes what lingers; resolves when everything that was given before is stored or rejected. */
  flush(): Promise<void> {
    return this.#router.drain()
  }

  /** Flushes; what is given later rejects with `closed`. */
  async close(): Promise<void> {
    this.#over ??= closedError("producer")
    await this.flush()
    this.#forget()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #entry(record: OutgoingRecord<Key, Value>, signal: AbortSignal | undefined): Entry {
    const { key, value, tombstone = false, partition } = record
    const producedAt = record.timestamp === undefined ? null : Number(record.timestamp)
    checkInteger("timestamp", producedAt ?? undefined)
    checkInteger("partition", partition)
    const encoded = tombstone ? TOMBSTONE : encodeWith(this.#codec, value as Value)
    const wire = {
      format: encoded.format,
      value: encoded.bytes,
      key: key === undefined || key === null ? null : encodeWith(this.#key, key).bytes,
      headers: wireHeaders(record.headers, this.#context.tracing),
      producedAt,
    }
    return new Entry(wire, partition ?? null, signal)
  }

  async #identify(isFresh: boolean): Promise<Identity> {
    const { connection } = this.#context
    if (isFresh && this.#name === undefined) return openProducer(connection)
    if (isFresh) {
      // to open a name again would fence whoever has it by now
      const detail = "It can't be told what of this producer may still arrive at the broker; open it again."
      const error = new MillraceError("unavailable", detail)
      this.#stop(error)
      throw error
    }
    this.#identity ??= openProducer(connection, this.#name).catch((error: unknown) => {
      this.#identity = null
      throw error
    })
    return this.#identity
  }

  #stop(error: MillraceError): void {
    this.#over = error
    this.#forget()
    this.#router.reject(error)
  }

  #forget(): void {
    const { beforeGoodbye, closing } = this.#context.connection
    beforeGoodbye.delete(this.#end)
    closing.removeEventListener("abort", this.#fail)
  }
}

const TOMBSTONE = { format: "tombstone", bytes: new Uint8Array(0) } as const
