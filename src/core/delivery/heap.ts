/** A binary min-heap of entries ordered by `rank`. */
export class MinHeap<T> {
  readonly #rank: (entry: T) => number
  readonly #entries: T[] = []

  constructor(rank: (entry: T) => number) {
    this.#rank = rank
  }

  get size(): number {
    return this.#entries.length
  }

  /** The entry of lowest rank, which stays. */
  peek(): T | undefined {
    return this.#entries[0]
  }

  clear(): void {
    this.#entries.length = 0
  }

  push(entry: T): void {
    const entries = this.#entries
    let at = entries.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#rank(entries[parent]!) <= this.#rank(entry)) break
      entries[at] = entries[parent]!
      at = parent
    }
    entries[at] = entry
  }

  /** Takes the entry of lowest rank, or undefined from an empty heap. */
  pop(): T | undefined {
    const entries = this.#entries
    const top = entries[0]
    const last = entries.pop()
    if (entries.length === 0 || last === undefined) return top
    let at = 0
    for (;;) {
      const child = this.#lowerChild(at)
      if (child === null || this.#rank(entries[child]!) >= this.#rank(last)) break
      entries[at] = entries[child]!
      at = child
    }
    entries[at] = last
    return top
  }

  #lowerChild(at: number): number | null {
    const entries = this.#entries
    const left = 2 * at + 1
    if (left >= entries.length) return null
    const right = left + 1
    return right < entries.length && this.#rank(entries[right]!) < this.#rank(entries[left]!) ? right : left
  }
}
