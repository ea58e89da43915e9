import type { DeliveryChanges } from "../delivery/types.ts"
import type { AppendRow } from "../log/append.ts"
import type { ProducerChanges } from "../producers/producer-state.ts"

/** A frame on its way to another queue. */
export interface OutboxEntry {
  readonly seq: number
  /** Object name of the target. */
  readonly target: string
  readonly keyHash: number
  readonly frame: Uint8Array
}

/** The highest sequence taken from a source. */
export interface InboxEntry {
  readonly source: string
  readonly incarnation: number
  readonly seq: number
}

/** A row of deduplication ids. */
export interface DedupRow {
  /** Grows from row to row. */
  readonly no: number
  /** When all ids in it have expired. */
  readonly expiresAt: number
  readonly ids: Uint8Array
}

/** Neighbours in the order of ids that wait for the same time. */
export interface ScheduledRow {
  /** The first id of the run, which names the row. */
  readonly messageId: number
  readonly dueAt: number
  /** A row header. */
  readonly header: Uint8Array
  readonly frames: Uint8Array
}

/** What a receive with an attempt id handed out. */
export interface ReceiveAttemptRow {
  readonly id: string
  readonly expiresAt: number
  readonly leases: Uint8Array
}

/** A redrive as it stands. */
export interface RedriveRow {
  /** Grows from redrive to redrive. */
  readonly no: number
  /** As JSON. */
  readonly task: string
}

/** A log row whose earliest expiry is another one now; null where nothing in it expires any more. */
export interface ExpiryChange {
  readonly baseOffset: number
  readonly expiresAt: number | null
}

/** Rows of one table, by their keys. */
export interface RowChanges<Row, Key> {
  /** New ones, or in place of those with their keys. */
  readonly written: readonly Row[]
  readonly removed: readonly Key[]
}

/** Everything that one commit of a queue stores, in one transaction. */
export interface QueueChanges {
  readonly seq: number
  readonly rows: readonly AppendRow[]
  /** Base offsets. */
  readonly deletedRows: readonly number[]
  readonly delivery: DeliveryChanges | null
  readonly scheduled: RowChanges<ScheduledRow, number>
  readonly dedup: RowChanges<DedupRow, number>
  readonly attempts: RowChanges<ReceiveAttemptRow, string>
  /** Of rows that this commit leaves in the log. */
  readonly expiries: readonly ExpiryChange[]
  readonly redrives: readonly RedriveRow[]
  readonly producers: ProducerChanges | null
  readonly moves: { readonly outbox: OutboxEntry[]; readonly taken: InboxEntry[] }
  readonly counters: Uint8Array
  /** Whether `counters` must be stored even where nothing else is. */
  readonly countersChanged: boolean
}
