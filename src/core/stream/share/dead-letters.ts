import { MAX_DEPARTURES_PER_COMMIT, MAX_GIVEN_UP_PER_COMMIT, MAX_OUTBOX_BYTES_PER_COMMIT } from "../../limits.ts"
import type { OutboxEntry } from "../../queue/changes.ts"

/**
 * What leaves a partition for other objects, of all its share groups: they have one sequence, and what one commit may
 * carry is shared among them.
 */
export class DeadLetters {
  /** Highest sequence given so far. */
  outboxSeq: number
  /** Outbox rows that wait for their target. */
  forwarding: number
  #outbox: OutboxEntry[] = []
  #left = MAX_DEPARTURES_PER_COMMIT
  #bytes = 0

  constructor(stored: { readonly outboxSeq: number; readonly forwarding: number }) {
    this.outboxSeq = stored.outboxSeq
    this.forwarding = stored.forwarding
  }

  /** How many more may leave in this commit by themselves. */
  get left(): number {
    return this.#left
  }

  /** Whether this commit may carry another record on the word of a receiver, besides `count` of `bytes` that are on their way here. */
  hasRoomBesides(count: number, bytes: number): boolean {
    return this.#outbox.length + count < MAX_GIVEN_UP_PER_COMMIT && this.#bytes + bytes < MAX_OUTBOX_BYTES_PER_COMMIT
  }

  /** Hands a frame to another object of the namespace, exactly once. */
  add(target: string, frame: Uint8Array, keyHash: number): void {
    this.#outbox.push({ seq: ++this.outboxSeq, target, keyHash, frame })
    this.#left = Math.max(0, this.#left - 1)
    this.#bytes += frame.length
    this.forwarding++
  }

  /** What the commit moves; what one commit may do begins anew. */
  take(): readonly OutboxEntry[] {
    const outbox = this.#outbox
    this.#outbox = []
    this.#left = MAX_DEPARTURES_PER_COMMIT
    this.#bytes = 0
    return outbox
  }
}
