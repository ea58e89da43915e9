import type { Failure } from "../errors.ts"
import type { Submissions } from "../log/submission.ts"
import type { InboxEntry } from "../queue/changes.ts"
import type { MoveSource } from "../queue/intake.ts"
import { err, ok, type Result } from "../result.ts"
import type { Partition } from "./partition.ts"

/** What other objects move to a partition: each frame is appended once, however often it is sent. */
export class MovedIn {
  /** What the commit under way has taken. */
  #taken: InboxEntry[] = []

  /** Appends the frames that were not taken before; answers the highest sequence. */
  accept(
    partition: Partition,
    batch: Submissions,
    seqs: readonly number[],
    source: MoveSource,
    now: number,
  ): Result<number, Failure> {
    // a call that is repeated before the first one was answered may be in the same commit
    const known = Math.max(source.seq, this.#takenNow(source))
    const first = seqs.findIndex((seq) => seq > known)
    if (first === -1) return ok(known)
    const failure = partition.appendMoved(tailOf(batch, first), now)
    if (failure) return err(failure)
    const seq = seqs.at(-1)!
    this.#taken.push({ source: source.name, incarnation: source.incarnation, seq })
    return ok(seq)
  }

  /** What the commit has to remember. */
  take(): readonly InboxEntry[] {
    const taken = this.#taken
    this.#taken = []
    return taken
  }

  #takenNow({ name, incarnation }: MoveSource): number {
    const entry = this.#taken.findLast((taken) => taken.source === name && taken.incarnation === incarnation)
    return entry?.seq ?? 0
  }
}

/** The batch without what comes before `first`. */
function tailOf(batch: Submissions, first: number): Submissions {
  if (first === 0) return batch
  const start = batch.positions[first]!
  const lengths = batch.lengths.slice(first)
  return {
    count: batch.count - first,
    frameBytes: batch.frameBytes - start,
    lengths,
    positions: batch.positions.slice(first).map((position) => position - start),
    frames: batch.frames.subarray(start),
    keyHashes: batch.keyHashes.slice(first),
    delaysMs: batch.delaysMs.slice(first),
    deliverAts: batch.deliverAts.slice(first),
    ttlsMs: batch.ttlsMs.slice(first),
    dedupKeys: batch.dedupKeys.slice(first),
  }
}
