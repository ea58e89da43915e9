import { encodeEntries, type Entry } from "./entry.ts"

/** Under which id a lane publishes. */
export interface Identity {
  readonly producerId: number
  readonly epoch: number
}

/** What the broker last made of a batch. */
export type BatchState =
  /** It has not answered, or nothing new. */
  | "said"
  /** It stored nothing of it. */
  | "refused"
  /** Likewise, because something before it is missing. */
  | "gap"
  /** It may have stored it. */
  | "unknown"

/** Entries that are published together, and again together: the broker knows a batch by where it begins. */
export class Batch {
  readonly entries: readonly Entry[]
  /** Which batch it is, whatever its sequence. */
  readonly order: number
  /** Of its first entry. */
  sequence: number
  state: BatchState = "said"
  /** Absent until it is said. */
  identity: Identity | null | undefined
  /** The socket on which it was said first. */
  saidOn: number
  #bytes: Uint8Array | null = null

  constructor(entries: readonly Entry[], order: number, sequence: number, saidOn: number) {
    this.entries = entries
    this.order = order
    this.sequence = sequence
    this.saidOn = saidOn
  }

  /** The same each time it is said. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= encodeEntries(this.entries))
  }
}
