import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import type { Failure } from "../errors.ts"
import { MAX_DELETIONS_PER_COMMIT, MAX_PRODUCERS, PRODUCER_IDLE_MS, REMEMBERED_BATCHES } from "../limits.ts"
import { err, ok, type Result } from "../result.ts"
import type { AppendReply, ProducerBatch } from "./commands.ts"

/** A batch of a producer that is stored. */
export interface RememberedBatch {
  /** Of its first record, and how many there are. */
  readonly sequence: number
  readonly count: number
  readonly baseOffset: number
  readonly appendedAt: number
}

/** What a partition remembers of one producer. */
export interface ProducerState {
  readonly producerId: number
  readonly epoch: number
  /** Broker time of its last batch. */
  readonly lastAt: number
  /** The newest ones, oldest first; at least one, and each begins where the one before it ends. */
  readonly batches: readonly RememberedBatch[]
}

/** What a commit changes of the producers. */
export interface ProducerChanges {
  readonly written: readonly ProducerState[]
  readonly forgotten: readonly number[]
}

/** The producers of one partition: recognises what was sent before, refuses gaps and those who were replaced. */
export class Producers {
  /** The one that was idle longest first. */
  readonly #states = new Map<number, ProducerState>()
  readonly #written = new Set<number>()
  readonly #forgotten = new Set<number>()

  /** `stored` in the order of their last batches. */
  constructor(stored: readonly ProducerState[]) {
    for (const state of stored) this.#states.set(state.producerId, state)
  }

  /** When the one that was idle longest is forgotten, or null for no producer. */
  get nextExpiryAt(): number | null {
    const [first] = this.#states.values()
    return first ? first.lastAt + PRODUCER_IDLE_MS : null
  }

  /** The answer to a batch that is stored already, null for the one that comes next, or why it can't come now. */
  check(batch: ProducerBatch, count: number, now: number): Result<AppendReply | null, Failure> {
    const state = this.#states.get(batch.producerId)
    // whoever is not known, or not any more, may go on from anywhere
    if (!state || state.lastAt + PRODUCER_IDLE_MS <= now) return ok(null)
    if (batch.epoch < state.epoch) return err({ code: "fenced", epoch: state.epoch })
    const expectedSequence = batch.epoch > state.epoch ? 0 : nextSequence(state)
    if (batch.sequence === expectedSequence) return ok(null)
    // partly stored is as wrong as a gap: there is no answer that fits both parts
    if (batch.sequence + count > expectedSequence) return err({ code: "sequence_gap", expectedSequence })
    return ok(repeated(state, batch.sequence, count))
  }

  /** Notes a batch that this commit stores. */
  note({ producerId, epoch }: ProducerBatch, batch: RememberedBatch, now: number): void {
    const before = this.#states.get(producerId)
    const follows = before?.epoch === epoch && nextSequence(before) === batch.sequence
    const batches = follows ? [...before.batches, batch].slice(-REMEMBERED_BATCHES) : [batch]
    this.#states.delete(producerId)
    this.#states.set(producerId, { producerId, epoch, lastAt: now, batches })
    this.#written.add(producerId)
    this.#forgotten.delete(producerId)
  }

  /** Forgets those who were idle for too long, or are too many: a slice of them. */
  sweep(now: number): void {
    let left = MAX_DELETIONS_PER_COMMIT
    for (const [producerId, { lastAt }] of this.#states) {
      const isIdle = lastAt + PRODUCER_IDLE_MS <= now
      if (left-- === 0 || (!isIdle && this.#states.size <= MAX_PRODUCERS)) return
      this.#states.delete(producerId)
      this.#written.delete(producerId)
      this.#forgotten.add(producerId)
    }
  }

  /** What changed since the last commit, or null for nothing. */
  takeChanges(): ProducerChanges | null {
    if (this.#written.size === 0 && this.#forgotten.size === 0) return null
    const written = [...this.#written].map((producerId) => this.#states.get(producerId)!)
    const forgotten = [...this.#forgotten]
    this.#written.clear()
    this.#forgotten.clear()
    return { written, forgotten }
  }
}

/** The batches of a producer, as its row holds them. */
export function encodeBatches(batches: readonly RememberedBatch[]): Uint8Array {
  const writer = new ByteWriter(16 + batches.length * 16)
  writer.u8(VERSION)
  writer.varint(batches.length)
  for (const { sequence, count, baseOffset, appendedAt } of batches) {
    writer.varint(sequence)
    writer.varint(count)
    writer.varint(baseOffset)
    writer.varint(appendedAt)
  }
  return writer.finish()
}

/** Throws CorruptError for what `encodeBatches` did not write. */
export function decodeBatches(bytes: Uint8Array): RememberedBatch[] {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown version of a producer's batches")
  const batches: RememberedBatch[] = []
  for (let left = reader.varint(); left > 0; left--) {
    const sequence = reader.varint()
    const count = reader.varint()
    batches.push({ sequence, count, baseOffset: reader.varint(), appendedAt: reader.varint() })
  }
  reader.end()
  return batches
}

const VERSION = 1

function nextSequence({ batches }: ProducerState): number {
  const last = batches.at(-1)
  return last ? last.sequence + last.count : 0
}

/** Offsets are known within one remembered batch, where they follow each other. */
function repeated({ batches, lastAt }: ProducerState, sequence: number, count: number): AppendReply {
  const holder = batches.find((batch) => {
    return batch.sequence <= sequence && sequence + count <= batch.sequence + batch.count
  })
  if (!holder) return { baseOffset: null, appendedAt: lastAt, repeated: true }
  const { baseOffset, appendedAt } = holder
  return { baseOffset: baseOffset + sequence - holder.sequence, appendedAt, repeated: true }
}
