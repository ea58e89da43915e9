import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"

/** Who sends a batch, so that a repeat is recognised. */
export interface ProducerBatch {
  readonly producerId: number
  readonly epoch: number
  /** Of the first entry of the batch, counted from 0 per partition or queue. */
  readonly sequence: number
}

/** A batch of a producer that is stored. */
export interface RememberedBatch {
  /** Of its first entry. */
  readonly sequence: number
  readonly count: number
  /** Offset or id of its first entry, whose neighbours the others are; null where they are not. */
  readonly firstId: number | null
  readonly storedAt: number
}

/** What is remembered of one producer. */
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

const VERSION = 1

/** Stands for no id: none is ever so large. */
const NO_ID = Number.MAX_SAFE_INTEGER

/** The sequence that a producer goes on with. */
export function nextSequence({ batches }: ProducerState): number {
  const last = batches.at(-1)
  return last ? last.sequence + last.count : 0
}

/** The batches of a producer, as its row holds them. */
export function encodeBatches(batches: readonly RememberedBatch[]): Uint8Array {
  const writer = new ByteWriter(16 + batches.length * 16)
  writer.u8(VERSION)
  writer.varint(batches.length)
  for (const { sequence, count, firstId, storedAt } of batches) {
    writer.varint(sequence)
    writer.varint(count)
    writer.varint(firstId ?? NO_ID)
    writer.varint(storedAt)
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
    const id = reader.varint()
    batches.push({ sequence, count, firstId: id === NO_ID ? null : id, storedAt: reader.varint() })
  }
  reader.end()
  return batches
}
