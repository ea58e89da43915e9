import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"

/** What a partition remembers beside its rows. Rides in the newest row. */
export interface PartitionCounters {
  /** First offset that may be read; records before it are gone or going. */
  startOffset: number
  /** Time of the newest append: log timestamps never go back. */
  lastAppendedAt: number
  /** Bytes of the frames of all stored rows. */
  storedBytes: number
}

const VERSION = 1

export function encodePartitionCounters(counters: PartitionCounters): Uint8Array {
  const writer = new ByteWriter(32)
  writer.u8(VERSION)
  writer.varint(counters.startOffset)
  writer.varint(counters.lastAppendedAt)
  writer.varint(counters.storedBytes)
  return writer.finish()
}

/** Throws CorruptError for what `encodePartitionCounters` did not write. */
export function decodePartitionCounters(bytes: Uint8Array): PartitionCounters {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown version of counters")
  return { startOffset: reader.varint(), lastAppendedAt: reader.varint(), storedBytes: reader.varint() }
}
