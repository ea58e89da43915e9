const MIN_SLOTS = 16

/** Linear probing: at four fifths a miss looks at 13 neighbours on average, which are two or three cache lines. */
const MAX_LOAD = 0.8

const NONE: readonly number[] = []

/**
 * From hashes, which are not 0, to numbers below 2^32: twelve bytes a slot. Nothing is ever taken out: the whole is
 * dropped. A free slot has the hash 0, so that a miss does not touch the numbers.
 */
export class HashIndex {
  #hashes = new Float64Array(MIN_SLOTS)
  #values = new Uint32Array(MIN_SLOTS)
  #used = 0

  /** Adds a pair; adding it once more changes nothing. */
  add(hash: number, value: number): void {
    if (this.#used + 1 > this.#hashes.length * MAX_LOAD) this.#grow()
    this.#put(hash, value)
  }

  /** All numbers added for `hash`, in no order. */
  find(hash: number): readonly number[] {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    let found: number[] | null = null
    for (let slot = (hash >>> 0) & mask; hashes[slot] !== 0; slot = (slot + 1) & mask) {
      if (hashes[slot] === hash) (found ??= []).push(this.#values[slot]!)
    }
    return found ?? NONE
  }

  #put(hash: number, value: number): void {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    let slot = (hash >>> 0) & mask
    for (; hashes[slot] !== 0; slot = (slot + 1) & mask) {
      if (hashes[slot] === hash && this.#values[slot] === value) return
    }
    hashes[slot] = hash
    this.#values[slot] = value
    this.#used++
  }

  #grow(): void {
    const hashes = this.#hashes
    const values = this.#values
    this.#hashes = new Float64Array(hashes.length * 2)
    this.#values = new Uint32Array(values.length * 2)
    this.#used = 0
    for (let slot = 0; slot < hashes.length; slot++) if (hashes[slot] !== 0) this.#put(hashes[slot]!, values[slot]!)
  }
}
