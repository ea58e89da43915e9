import type { Barrier } from "./group-commands.ts"

/** Where adding partitions cut the log of one that was there: what stands below was routed by fewer. */
export class Barriers {
  /** In order of their numbers of partitions, and of their offsets. */
  #all: readonly Barrier[]
  readonly #unwritten: Barrier[] = []

  /** `stored` in order of their numbers of partitions. */
  constructor(stored: readonly Barrier[]) {
    this.#all = stored
  }

  get all(): readonly Barrier[] {
    return this.#all
  }

  /** Notes that the log was cut at `endOffset` when partitions became `partitions`, once. Answers where it was cut. */
  note(partitions: number, endOffset: number): number {
    const known = this.#all.find((barrier) => barrier.partitions === partitions)
    if (known) return known.offset
    const barrier = { partitions, offset: endOffset }
    this.#all = [...this.#all, barrier]
    this.#unwritten.push(barrier)
    return endOffset
  }

  /** Where the log was first cut for more than `partitions`, or null. */
  beyond(partitions: number): number | null {
    return this.#all.find((barrier) => barrier.partitions > partitions)?.offset ?? null
  }

  /** Whether the log was cut for more than `partitions`. */
  isBeyond(partitions: number): boolean {
    return (this.#all.at(-1)?.partitions ?? 0) > partitions
  }

  /** The record at `offset` came before partitions became so many; null where it came after all that were added. */
  above(offset: number): number | null {
    return this.#all.find((barrier) => barrier.offset > offset)?.partitions ?? null
  }

  /** What was noted since the last time. */
  takeUnwritten(): readonly Barrier[] {
    return this.#unwritten.splice(0)
  }
}
