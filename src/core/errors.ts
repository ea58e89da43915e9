/**
 * Everything the broker refuses, one arm per reason, with the data a caller needs to act on it.
 * `src/protocol/native/problems.ts` maps each arm to a status and a sentence; the codes are stable.
 */
export type Failure =
  | { readonly code: "invalid_json" }
  | { readonly code: "invalid_name"; readonly name: string }
  | { readonly code: "invalid_receipt" }
  | { readonly code: "invalid_request"; readonly detail: string }
  | { readonly code: "unauthorized" }
  | { readonly code: "not_configured" }
  /** The token is known and does not allow this. */
  | { readonly code: "forbidden"; readonly action: string; readonly resource: string; readonly name: string }
  | { readonly code: "not_found"; readonly resource: Resource; readonly name: string }
  | { readonly code: "route_not_found" }
  | { readonly code: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly code: "being_deleted"; readonly resource: Resource; readonly name: string }
  | { readonly code: "conflict"; readonly detail: string }
  | { readonly code: "stale_metadata"; readonly version: number }
  | { readonly code: "receipt_expired" }
  /** `pointer` names the entry of a batch that is too large; without one it is the body. */
  | { readonly code: "payload_too_large"; readonly limitBytes: number; readonly pointer?: string }
  | { readonly code: "unsupported_media_type"; readonly accepted: readonly string[] }
  | { readonly code: "invalid_field"; readonly pointer: string; readonly detail: string }
  | { readonly code: "offset_trimmed"; readonly earliestOffset: number }
  | { readonly code: "offset_out_of_range"; readonly latestOffset: number }
  | { readonly code: "corrupt_batch"; readonly firstOffset: number; readonly lastOffset: number }
  /** The next record would not get the offset that was asked for. */
  | { readonly code: "offset_mismatch"; readonly endOffset: number }
  /** A producer left out a batch. */
  | { readonly code: "sequence_gap"; readonly expectedSequence: number }
  /** Somebody else took over, under a newer epoch. */
  | { readonly code: "fenced"; readonly epoch: number }
  /** Partitions are being added: the old ones take nothing until all of them know. */
  | { readonly code: "partition_sealed"; readonly retryAfterMs: number }
  /** Between Worker and partition: the share group has not begun there yet. */
  | { readonly code: "share_not_open" }
  /** The group has no offset there, and is not to choose one by itself. */
  | { readonly code: "no_committed_offset" }
  | { readonly code: "upgrade_required" }
  | { readonly code: "overloaded"; readonly retryAfterMs: number }
  | { readonly code: "unavailable"; readonly retryAfterMs: number }
  | { readonly code: "storage_full" }
  /** The disk under the broker is full, which a commit shows: a neighbour in that commit may have been carried out. */
  | { readonly code: "disk_full"; readonly retryAfterMs: number }
  /** What an object has stored is damaged beyond single records; `object` is its id, null where it has no database. */
  | {
      readonly code: "corrupt_storage"
      readonly resource: Resource
      readonly name: string
      readonly object: string | null
      readonly damaged: string
    }
  /** The queue holds as much as its settings allow. */
  | { readonly code: "queue_full"; readonly retryAfterMs: number }
  /** More deduplication ids than can be remembered. */
  | { readonly code: "dedup_full"; readonly retryAfterMs: number }
  | { readonly code: "queue_paused" }
  /** A queue with a single active consumer has one. */
  | { readonly code: "consumer_active" }
  /** A cursor of an earlier life of the queue. */
  | { readonly code: "log_recreated" }
  /** What can't be done to a message while somebody works on it. */
  | { readonly code: "message_in_flight" }

/** The stable name of a refusal, as it stands in a problem document. */
export type ErrorCode = Failure["code"]

/** What a name can name. */
export type Resource =
  | "queue"
  | "topic"
  | "partition"
  | "message"
  | "record"
  | "redrive"
  | "group"
  | "member"
  | "access key"
