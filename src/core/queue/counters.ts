import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"

/** What a queue remembers beside its rows. Rides in rows that are written anyway; a load takes the newest. */
export interface QueueCounters {
  /** Id that the next message gets. */
  nextMessageId: number
  /** Time of the newest append: log timestamps never go back. */
  lastAppendedAt: number
  /** Bytes of the frames of messages that are not done. */
  liveBytes: number
  sent: number
  delivered: number
  acknowledged: number
  deadLettered: number
  dropped: number
  /** Highest sequence given to an outbox row. */
  outboxSeq: number
  /** Messages that wait for a time of their own, and their bytes. */
  scheduled: number
  scheduledBytes: number
  deduplicated: number
  expired: number
  removed: number
  redriven: number
  /** First message whose deduplication id counts: those before it were forgotten by a purge. */
  dedupFrom: number
}

/** The stored order. New counters go to the end: an older row reads them as 0. */
const FIELDS = [
  "nextMessageId",
  "lastAppendedAt",
  "liveBytes",
  "sent",
  "delivered",
  "acknowledged",
  "deadLettered",
  "dropped",
  "outboxSeq",
  "scheduled",
  "scheduledBytes",
  "deduplicated",
  "expired",
  "removed",
  "redriven",
  "dedupFrom",
] as const satisfies readonly (keyof QueueCounters)[]

const VERSION = 1

/** The counters of a new queue. */
export function emptyCounters(): QueueCounters {
  return {
    nextMessageId: 1,
    lastAppendedAt: 0,
    liveBytes: 0,
    sent: 0,
    delivered: 0,
    acknowledged: 0,
    deadLettered: 0,
    dropped: 0,
    outboxSeq: 0,
    scheduled: 0,
    scheduledBytes: 0,
    deduplicated: 0,
    expired: 0,
    removed: 0,
    redriven: 0,
    dedupFrom: 0,
  }
}

export function encodeCounters(counters: QueueCounters): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u8(VERSION)
  for (const field of FIELDS) writer.varint(counters[field])
  return writer.finish()
}

/** Throws CorruptError for what `encodeCounters` of no version wrote. */
export function decodeCounters(bytes: Uint8Array): QueueCounters {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown version of counters")
  const counters = emptyCounters()
  for (const field of FIELDS) if (reader.remaining > 0) counters[field] = reader.varint()
  return counters
}
