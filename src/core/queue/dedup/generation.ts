import type { DedupKey } from "../../log/types.ts"
import { HashIndex } from "./hash-index.ts"

/** What memory keeps of a row. */
export interface RowMark {
  readonly no: number
  /** When all in the row has expired. */
  readonly expiresAt: number
  readonly hashes: readonly number[]
}

/** What has expired. */
export interface ExpiredRow {
  readonly no: number
  readonly expiresAt: number
  readonly ids: number
}

/**
 * The ids of a stretch of rows, each expiring no earlier than the one before. Rows expire one by one;
 * their hashes leave memory with the last of them, so that nothing is taken out of the table.
 */
export class Generation {
  readonly #capacityIds: number
  readonly #index = new HashIndex()
  #ids = 0
  // columns, an index per row
  readonly #nos: number[] = []
  readonly #expiresAt: number[] = []
  readonly #counts: number[] = []
  /** Rows before this one have expired. */
  #first = 0

  constructor(capacityIds: number) {
    this.#capacityIds = capacityIds
  }

  /** Whether all rows have expired. */
  get isEmpty(): boolean {
    return this.#first === this.#nos.length
  }

  get lastNo(): number {
    return this.#nos.at(-1)!
  }

  get lastExpiresAt(): number {
    return this.#expiresAt.at(-1)!
  }

  /** Whether the row may be added. */
  takes({ expiresAt, hashes }: RowMark): boolean {
    return this.#ids + hashes.length <= this.#capacityIds && this.lastExpiresAt <= expiresAt
  }

  add({ no, expiresAt, hashes }: RowMark): void {
    this.#nos.push(no)
    this.#expiresAt.push(expiresAt)
    this.#counts.push(0)
    this.extendLast(expiresAt, hashes)
  }

  /** Adds ids to the row that was added last. */
  extendLast(expiresAt: number, hashes: readonly number[]): void {
    const last = this.#nos.length - 1
    this.#expiresAt[last] = Math.max(this.#expiresAt[last]!, expiresAt)
    this.#counts[last]! += hashes.length
    this.#ids += hashes.length
    for (const hash of hashes) this.#index.add(hash, last)
  }

  /** Adds to `nos` the rows that may hold the key at `now`. */
  collect({ hash }: DedupKey, now: number, nos: number[]): void {
    for (const row of this.#index.find(hash)) {
      if (row >= this.#first && this.#expiresAt[row]! > now) nos.push(this.#nos[row]!)
    }
  }

  /** Forgets the next row that has expired, if there is one. */
  expireNext(now: number): ExpiredRow | null {
    const row = this.#first
    if (this.isEmpty || this.#expiresAt[row]! > now) return null
    this.#first++
    return { no: this.#nos[row]!, expiresAt: this.#expiresAt[row]!, ids: this.#counts[row]! }
  }
}
