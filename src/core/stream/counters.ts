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
  /** How often the log was compacted. */
  compactions: number
}

/** Of a partition to which nothing was ever appended. */
export const NO_PARTITION_COUNTERS: PartitionCounters = {
  startOffset: 0,
  lastAppendedAt: 0,
  storedBytes: 0,
  compactions: 0,
}

/** Version 1 has no compactions. */
const VERSION = 2

export function encodePartitionCounters(counters: PartitionCounters): Uint8Array {
  const writer = new ByteWriter(32)
  writer.u8(VERSION)
  writer.varint(counters.startOffset)
  writer.varint(counters.lastAppendedAt)
  writer.varint(counters.storedBytes)
  writer.varint(counters.compactions)
  return writer.finish()
}

/** Throws CorruptError for what `encodePartitionCounters` did not write. */
export function decodePartitionCounters(bytes: Uint8Array): PartitionCounters {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version < 1 || version > VERSION) throw new CorruptError("unknown version of counters")
  const common = { startOffset: reader.varint(), lastAppendedAt: reader.varint(), storedBytes: reader.varint() }
  return { ...common, compactions: version < 2 ? 0 : reader.varint() }
}
