import type { Failure } from "../errors.ts"
import { MAX_DELETIONS_PER_COMMIT, MAX_PRODUCERS, PRODUCER_IDLE_MS, REMEMBERED_BATCHES } from "../limits.ts"
import { err, ok, type Result } from "../result.ts"
import { nextSequence, type ProducerBatch, type ProducerChanges, type ProducerState } from "./producer-state.ts"

/** Neighbours among entries that are stored. */
export interface StoredRun {
  readonly count: number
  /** Offset or id of the first; null where that is not remembered. */
  readonly firstId: number | null
  readonly storedAt: number
}

/** What of a batch is stored already. */
export interface Known {
  /** How many of its first entries. */
  readonly stored: number
  /** These, in order. */
  readonly runs: readonly StoredRun[]
  /** When its producer stored something last; 0 where nothing of it is known. */
  readonly lastAt: number
}

const NOTHING_KNOWN: Known = { stored: 0, runs: [], lastAt: 0 }

/** The producers of one partition or queue: recognises what was sent before, refuses gaps and those who were replaced. */
export class Producers {
  /** The one that was idle longest first. */
  readonly #states = new Map<number, ProducerState>()
  readonly #written = new Set<number>()
  readonly #forgotten = new Set<number>()

  /** `stored` in the order of their last batches. */
  constructor(stored: readonly ProducerState[]) {
    for (const state of stored) this.#states.set(state.producerId, state)
  }

  /** When the one that was idle longest is forgotten, or null for no producer. */
  get nextExpiryAt(): number | null {
    const [first] = this.#states.values()
    return first ? first.lastAt + PRODUCER_IDLE_MS : null
  }

  /** What of a batch of `count` entries is stored already, or why it can't come now. */
  match({ producerId, epoch, sequence }: ProducerBatch, count: number, now: number): Result<Known, Failure> {
    const stored = this.#states.get(producerId)
    const state = stored && !isOver(stored, now) ? stored : null
    if (state && epoch < state.epoch) return err({ code: "fenced", epoch: state.epoch })
    // Whoever is not known begins at 0 too: what was sent behind a batch that never came here would be taken for the
    // beginning, and that batch, when it comes again, for a repeat of what is stored.
    const expectedSequence = state?.epoch === epoch ? nextSequence(state) : 0
    if (sequence > expectedSequence) return err({ code: "sequence_gap", expectedSequence })
    if (!state) return ok(NOTHING_KNOWN)
    const end = Math.min(sequence + count, expectedSequence)
    return ok({ stored: end - sequence, runs: runsOf(state, sequence, end), lastAt: state.lastAt })
  }

  /** Notes a batch that this commit stores, from its sequence on. */
  note({ producerId, epoch, sequence }: ProducerBatch, run: StoredRun, now: number): void {
    const before = this.#states.get(producerId)
    const follows = before?.epoch === epoch && nextSequence(before) === sequence
    const batches = [...(follows ? before.batches : []), { sequence, ...run }].slice(-REMEMBERED_BATCHES)
    this.#put({ producerId, epoch, lastAt: now, batches })
  }

  /** Forgets those who were idle for too long, or are too many: a slice of them. */
  sweep(now: number): void {
    let left = MAX_DELETIONS_PER_COMMIT
    for (const [producerId, state] of this.#states) {
      if (left-- === 0 || (!isOver(state, now) && this.#states.size <= MAX_PRODUCERS)) return
      this.#forget(producerId)
    }
  }

  /** What changed since the last commit, or null for nothing. */
  takeChanges(): ProducerChanges | null {
    if (this.#written.size === 0 && this.#forgotten.size === 0) return null
    const written = [...this.#written].map((producerId) => this.#states.get(producerId)!)
    const forgotten = [...this.#forgotten]
    this.#written.clear()
    this.#forgotten.clear()
    return { written, forgotten }
  }

  #put(state: ProducerState): void {
    const { producerId } = state
    this.#states.delete(producerId)
    this.#states.set(producerId, state)
    this.#written.add(producerId)
    this.#forgotten.delete(producerId)
    // one commit may bring more new ones than a sweep forgets
    if (this.#states.size <= MAX_PRODUCERS) return
    const [longestIdle] = this.#states.keys()
    this.#forget(longestIdle!)
  }

  #forget(producerId: number): void {
    this.#states.delete(producerId)
    this.#written.delete(producerId)
    this.#forgotten.add(producerId)
  }
}

function isOver({ lastAt }: ProducerState, now: number): boolean {
  return lastAt + PRODUCER_IDLE_MS <= now
}

/** Entries `[from, to)` by their sequences, all of them stored. */
function runsOf({ batches, lastAt }: ProducerState, from: number, to: number): StoredRun[] {
  const runs: StoredRun[] = []
  let at = from
  for (const { sequence, count, firstId, storedAt } of batches) {
    if (at < Math.min(sequence, to)) {
      // only what came before all that is remembered
      const end = Math.min(sequence, to)
      runs.push({ count: end - at, firstId: null, storedAt: lastAt })
      at = end
    }
    const end = Math.min(sequence + count, to)
    if (at >= end) continue
    runs.push({ count: end - at, firstId: firstId === null ? null : firstId + at - sequence, storedAt })
    at = end
  }
  return runs
}
