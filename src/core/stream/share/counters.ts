import { CorruptError } from "../../bytes/corrupt.ts"
import { ByteReader } from "../../bytes/reader.ts"
import { ByteWriter } from "../../bytes/writer.ts"

/** What a share group counts in a partition. Rides in the rows of its delivery state; a load takes the newest. */
export interface ShareCounters {
  delivered: number
  accepted: number
  deadLettered: number
  dropped: number
  missing: number
  /** Highest sequence that the partition had given to an outbox row when this was written. */
  outboxSeq: number
}

/** The stored order. New counters go to the end: an older row reads them as 0. */
const FIELDS = [
  "delivered",
  "accepted",
  "deadLettered",
  "dropped",
  "missing",
  "outboxSeq",
] as const satisfies readonly (keyof ShareCounters)[]

const VERSION = 1

/** The counters of a group that has just begun. */
export function emptyShareCounters(): ShareCounters {
  return { delivered: 0, accepted: 0, deadLettered: 0, dropped: 0, missing: 0, outboxSeq: 0 }
}

export function encodeShareCounters(counters: ShareCounters): Uint8Array {
  const writer = new ByteWriter(32)
  writer.u8(VERSION)
  for (const field of FIELDS) writer.varint(counters[field])
  return writer.finish()
}

/** Throws CorruptError for what `encodeShareCounters` of no version wrote. */
export function decodeShareCounters(bytes: Uint8Array): ShareCounters {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown version of a share group's counters")
  const counters = emptyShareCounters()
  for (const field of FIELDS) if (reader.remaining > 0) counters[field] = reader.varint()
  return counters
}
