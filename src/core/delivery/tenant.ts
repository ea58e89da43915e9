import { MinHeap } from "./heap.ts"
import { RecentTime } from "./recent-time.ts"

/** Taken offsets that are kept in front before the array is cut. */
const SLACK = 64

/** What the window holds of one tenant. */
export class Tenant {
  readonly key: number
  inFlight = 0
  readonly recent = new RecentTime()
  /** When something of it came into the window last; null where that was before the load. */
  seenAt: number | null = null
  /** The offset under which it is listed among the quiet, or null. */
  listedOffset: number | null = null
  #available = 0
  /** Offsets in order, of which those before `#head` are taken. */
  #fresh: number[] = []
  #head = 0
  /** Offsets that came back, or were delayed: the lower ones go first. */
  #returned: MinHeap<number> | null = null

  constructor(key: number) {
    this.key = key
  }

  /** Offsets that can be delivered. */
  get available(): number {
    return this.#available
  }

  /** The lowest offset that it has listed, or null: its oldest, or one that was taken out of the middle. */
  get first(): number | null {
    const [fresh, returned] = [this.#fresh[this.#head], this.#returned?.peek()]
    return (returned !== undefined && (fresh === undefined || returned < fresh) ? returned : fresh) ?? null
  }

  /** Adds an available offset behind all that were added before. */
  add(offset: number): void {
    this.#available++
    this.#fresh.push(offset)
  }

  /** Adds an available offset wherever it belongs. */
  bringBack(offset: number): void {
    this.#available++
    this.#returned ??= new MinHeap((other) => other)
    this.#returned.push(offset)
  }

  /** Takes out an available offset; one in the middle stays listed until it comes up. */
  takeOut(offset: number): void {
    this.#available--
    if (this.#available === 0) {
      this.#fresh = []
      this.#head = 0
      this.#returned = null
    } else if (this.first === offset) this.#dropFirst()
  }

  /** The oldest available offset, or null. `isAvailable` tells those that were taken out of the middle. */
  oldest(isAvailable: (offset: number) => boolean): number | null {
    if (this.#available === 0) return null
    for (let { first } = this; first !== null; first = this.first) {
      if (isAvailable(first)) return first
      this.#dropFirst()
    }
    return null
  }

  #dropFirst(): void {
    if (this.first !== this.#fresh[this.#head]) {
      this.#returned!.pop()
      return
    }
    this.#head++
    if (this.#head > SLACK && this.#head * 2 > this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#head)
      this.#head = 0
    }
  }
}
