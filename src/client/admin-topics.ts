import type { AdminOptions, Ask, ListQuery } from "./admin-http.ts"

/** The settings of a topic. */
export interface TopicSettings {
  /** May only grow. */
  readonly partitions: number
  /** Whether records of a key stay in order when partitions are added. */
  readonly keyOrder: "preserve" | "relaxed"
  /** What becomes of old records: deleted, or all but the last of each key. */
  readonly cleanup: "delete" | "compact" | "both"
  readonly retentionMs: number | null
  readonly retentionBytes: number | null
  readonly minCompactionLagMs: number
  readonly deleteRetentionMs: number
  readonly maxRecordBytes: number
  /** Whose clock a record's timestamp is of. */
  readonly timestamp: "broker" | "producer"
}

/** A topic. */
export interface TopicView {
  readonly name: string
  readonly settings: TopicSettings
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a partition holds: offsets from `startOffset` to the one before `endOffset`. */
export interface PartitionView {
  readonly partition: number
  readonly startOffset: number
  readonly endOffset: number
  readonly bytes: number
  readonly lastAppendedAt: number
}

/** Administration of topics. */
export interface AdminTopics {
  /** Creates a topic, or changes the settings that are given. */
  put(topic: string, settings?: Partial<TopicSettings>, options?: AdminOptions): Promise<TopicView>
  /** A topic, and what its partitions hold. */
  get(topic: string, options?: AdminOptions): Promise<TopicView & { readonly partitions: PartitionView[] }>
  /** A page of all, by name; `cursor` is of the next, null for none. */
  list(
    query?: ListQuery,
    options?: AdminOptions,
  ): Promise<{ readonly topics: TopicView[]; readonly cursor: string | null }>
  /** Deletes a topic with all its records. */
  delete(topic: string, options?: AdminOptions): Promise<void>
  /** Where partitions begin and end; with `timestamp`, also the first record at it or later. */
  offsets(
    topic: string,
    query?: { readonly timestamp?: number },
    options?: AdminOptions,
  ): Promise<{
    readonly partitions: (PartitionView & { readonly offset?: number; readonly timestamp?: number | null })[]
  }>
  /** Deletes what a partition holds before an offset. */
  trim(
    topic: string,
    partition: number,
    before: number,
    options?: AdminOptions,
  ): Promise<Omit<PartitionView, "partition">>
}

/**
 * Administration of topics, by `ask`.
 * @internal
 */
export function adminTopics(ask: Ask): AdminTopics {
  const at = (topic: string): string => `topics/${encodeURIComponent(topic)}`
  return {
    put: (topic, json = {}, options) => ask(`PUT ${at(topic)}`, options, { json }),
    get: (topic, options) => ask(`GET ${at(topic)}`, options),
    list: (query, options) => ask("GET topics", options, { query }),
    delete: (topic, options) => ask(`DELETE ${at(topic)}`, options),
    offsets: (topic, query, options) => ask(`GET ${at(topic)}/offsets`, options, { query }),
    trim: (topic, partition, before, options) => {
      return ask(`DELETE ${at(topic)}/partitions/${partition}/records`, options, { query: { before } })
    },
  }
}
