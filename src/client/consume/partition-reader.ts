import { type DeliveredRecord, decodeRecords } from "../../protocol/native/wire-deliver-decode.ts"
import type { MillraceError } from "../errors.ts"
import type { ServerFrame } from "../frames.ts"
import { isPassing } from "../refusals.ts"
import { type Room, type SubscribedConnection, Subscription, type Taken } from "./subscription.ts"

/** Where to begin. */
export type ReadStart = number | "earliest" | "latest"

/** What a reader is made of. */
export interface PartitionReaderParts extends Room {
  readonly connection: SubscribedConnection
  readonly topic: string
  readonly partition: number
  readonly from: ReadStart
  /** In whose name a member reads. */
  readonly owner?: Readonly<Record<string, unknown>>
  /** Something came, or changed. */
  readonly changed: () => void
  /** Whether it may go on after the broker ended it. */
  readonly ended?: (error: MillraceError) => boolean
  /** It can't go on. */
  readonly failed: (error: MillraceError) => void
}

/** Reads one partition, in order and each record once; after a break it goes on behind what has come. */
export class PartitionReader {
  readonly topic: string
  readonly partition: number
  readonly subscription: Subscription
  /** A record was taken and is not done; nobody takes the next one. */
  isBusy = false
  readonly #parts: PartitionReaderParts
  readonly #waiting: DeliveredRecord[] = []
  #from: ReadStart

  constructor(parts: PartitionReaderParts) {
    this.topic = parts.topic
    this.partition = parts.partition
    this.#parts = parts
    this.#from = parts.from
    this.subscription = new Subscription(parts.connection, this, parts)
  }

  /** Whether there is something to take. */
  get isReady(): boolean {
    return !this.isBusy && this.#waiting.length > 0
  }

  /** Where it stands: all before it was taken. Null until the broker has said where it begins. */
  get position(): number | null {
    return this.#waiting[0]?.offset ?? (typeof this.#from === "number" ? this.#from : null)
  }

  /** The next record; only where it is ready. */
  take(): DeliveredRecord {
    const entry = this.#waiting.shift()!
    this.subscription.release(1, entry.record?.value.length ?? 0)
    return entry
  }

  /** It was not done after all: whoever takes the next one gets it again. */
  putBack(entry: DeliveredRecord): void {
    this.#waiting.unshift(entry)
    this.subscription.release(-1, -(entry.record?.value.length ?? 0))
  }

  /** Forgets what has come and was not taken; it is read again, or begins elsewhere. */
  rewind(from: ReadStart = this.position ?? this.#from): void {
    this.#from = from
    const waiting = this.#waiting.splice(0)
    this.subscription.release(waiting.length, sizeOf(waiting))
  }

  target(): Readonly<Record<string, unknown>> {
    const { topic, partition, owner } = this.#parts
    return { topic, partition, from: this.#from, ...owner }
  }

  begun(frame: ServerFrame): void {
    this.#from = frame["nextOffset"] as number
    this.#parts.changed()
  }

  delivered(frame: ServerFrame, batch: Uint8Array): Taken {
    const entries = decodeRecords(batch)
    for (const entry of entries) this.#waiting.push(entry)
    this.#from = frame["nextOffset"] as number
    this.#parts.changed()
    return { count: entries.length, bytes: sizeOf(entries) }
  }

  ended(error: MillraceError): boolean {
    return isPassing(error) || this.#parts.ended?.(error) === true
  }

  failed(error: MillraceError): void {
    this.#parts.failed(error)
  }
}

/** Takes from each of several readers in its turn. */
export class Turns {
  #turn = 0

  /** The next reader that is ready, or null. */
  next<Reader extends PartitionReader>(readers: readonly Reader[]): Reader | null {
    for (let step = 0; step < readers.length; step++) {
      const reader = readers[++this.#turn % readers.length]!
      if (reader.isReady) return reader
    }
    return null
  }
}

function sizeOf(entries: readonly DeliveredRecord[]): number {
  return entries.reduce((sum, { record }) => sum + (record?.value.length ?? 0), 0)
}
