import type { DeliveryChanges } from "../delivery/types.ts"
import type { AppendRow } from "../log/append.ts"

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

/** Everything that one commit of a queue stores, in one transaction. */
export interface QueueChanges {
  readonly seq: number
  readonly rows: readonly AppendRow[]
  /** Base offsets. */
  readonly deletedRows: readonly number[]
  readonly delivery: DeliveryChanges | null
  readonly moves: { readonly outbox: OutboxEntry[]; readonly taken: InboxEntry[] }
  readonly counters: Uint8Array
}
