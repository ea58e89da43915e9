import type { Failure } from "../errors.ts"
import { MAX_MESSAGE_BYTES } from "../limits.ts"

/** How old records go: whole rows from the front, all but the last of each key, or both. */
export type Cleanup = "delete" | "compact" | "both"

/** What the owner of a topic may set. Times in milliseconds; sizes are those of one partition. */
export interface TopicSettings {
  /** Number of partitions; it can grow. */
  readonly partitions: number
  /** What adding partitions does to keys: `preserve` lets group consumers drain the old ones first. */
  readonly keyOrder: "preserve" | "relaxed"
  readonly cleanup: Cleanup
  /** How long records are kept, or null for ever. */
  readonly retentionMs: number | null
  /** How many bytes of frames are kept, or null for no limit but the object's own. */
  readonly retentionBytes: number | null
  /** How long a record stays before compaction may drop it for a newer one of its key. */
  readonly minCompactionLagMs: number
  /** How long a tombstone stays after compaction met it. */
  readonly deleteRetentionMs: number
  readonly maxRecordBytes: number
  /** Whose time a record shows; the order and the age of records always go by the broker's. */
  readonly timestamp: "broker" | "producer"
  /** Set by the catalog alone: how partitions were added while `keyOrder` was `preserve`, oldest first. */
  readonly growths: readonly Growth[]
  /** Set by the catalog alone: the numbers of partitions before this one, oldest first. A key's records may be where they led. */
  readonly earlierPartitions: readonly number[]
}

/** Partitions were added, with a barrier in the log of each that was there. */
export interface Growth {
  readonly from: number
  readonly to: number
}

/** The settings of a topic created with `{}`. */
export const DEFAULT_TOPIC_SETTINGS: TopicSettings = {
  partitions: 1,
  keyOrder: "preserve",
  cleanup: "delete",
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: null,
  minCompactionLagMs: 0,
  deleteRetentionMs: 24 * 60 * 60 * 1000,
  maxRecordBytes: MAX_MESSAGE_BYTES,
  timestamp: "broker",
  growths: [],
  earlierPartitions: [],
}

/** Settings as they were stored, maybe before some of them existed. */
export function topicWithDefaults(stored: Partial<TopicSettings>): TopicSettings {
  return { ...DEFAULT_TOPIC_SETTINGS, ...stored }
}

/** Whether a topic keeps the last record of each key. */
export function isCompacted({ cleanup }: TopicSettings): boolean {
  return cleanup !== "delete"
}

/** What is wanted, with what the catalog notes of partitions that are added. */
export function withGrowth(wanted: TopicSettings, current: TopicSettings | null): TopicSettings {
  if (!current || wanted.partitions <= current.partitions) return wanted
  const growth = { from: current.partitions, to: wanted.partitions }
  return {
    ...wanted,
    growths: wanted.keyOrder === "preserve" ? [...current.growths, growth] : current.growths,
    earlierPartitions: [...current.earlierPartitions, current.partitions],
  }
}

/** Why a topic can't have these settings, or null. */
export function checkTopicSettings(name: string, wanted: TopicSettings, current: TopicSettings | null): Failure | null {
  if (!current || current.partitions <= wanted.partitions) return null
  return { code: "conflict", detail: `partitions can only be added: ${name} has ${current.partitions}` }
}
