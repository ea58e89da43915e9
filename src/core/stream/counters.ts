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
  /** Highest id of a share group's state, and highest sequence of an outbox row, as far as share groups that are gone went. */
  lastShareId: number
  outboxSeq: number
}

/** Of a partition to which nothing was ever appended. */
export const NO_PARTITION_COUNTERS: PartitionCounters = {
  startOffset: 0,
  lastAppendedAt: 0,
  storedBytes: 0,
  compactions: 0,
  lastShareId: 0,
  outboxSeq: 0,
}

/** Version 1 has no compactions, version 2 no share groups. */
const VERSION = 3

const NO_MARKS = { lastShareId: 0, outboxSeq: 0 }

export function encodePartitionCounters(counters: PartitionCounters): Uint8Array {
  const writer = new ByteWriter(32)
  writer.u8(VERSION)
  writer.varint(counters.startOffset)
  writer.varint(counters.lastAppendedAt)
  writer.varint(counters.storedBytes)
  writer.varint(counters.compactions)
  writer.varint(counters.lastShareId)
  writer.varint(counters.outboxSeq)
  return writer.finish()
}

/** Throws CorruptError for what `encodePartitionCounters` did not write. */
export function decodePartitionCounters(bytes: Uint8Array): PartitionCounters {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version < 1 || version > VERSION) throw new CorruptError("unknown version of counters")
  const common = { startOffset: reader.varint(), lastAppendedAt: reader.varint(), storedBytes: reader.varint() }
  const compactions = version < 2 ? 0 : reader.varint()
  const marks = version < 3 ? NO_MARKS : { lastShareId: reader.varint(), outboxSeq: reader.varint() }
  return { ...common, compactions, ...marks }
}
