import type { StoredStanding } from "./coordination.ts"

/** A group's epoch, which never goes back, and what else is true of the group as a whole: one row. */
export class GroupEpoch {
  #epoch: number
  /** Since when there is no member, or null. */
  quietSince: number | null
  /** When the first of several short-lived coordinators began; null in one that lives for long. */
  restartedAt: number | null
  #stored: StoredStanding

  constructor(stored: StoredStanding) {
    this.#epoch = stored.epoch
    this.quietSince = stored.emptySince
    this.restartedAt = stored.restartedAt
    this.#stored = stored
  }

  get value(): number {
    return this.#epoch
  }

  /** A new epoch. */
  raise(): number {
    return this.above(this.#epoch)
  }

  /** An epoch greater than `other`: the current one where it is. */
  above(other: number): number {
    if (this.#epoch > other) return this.#epoch
    this.#epoch = other + 1
    return this.#epoch
  }

  /** What changed since the last time, or null for nothing. */
  takeChange(isRebalanceOwed: boolean): StoredStanding | null {
    const { restartedAt, quietSince: emptySince } = this
    const now: StoredStanding = { epoch: this.#epoch, emptySince, restartedAt, isRebalanceOwed }
    if (isSame(now, this.#stored)) return null
    this.#stored = now
    return now
  }
}

function isSame(a: StoredStanding, b: StoredStanding): boolean {
  const isEpochSame = a.epoch === b.epoch && a.isRebalanceOwed === b.isRebalanceOwed
  return isEpochSame && a.emptySince === b.emptySince && a.restartedAt === b.restartedAt
}
