import type { Failure, Resource } from "../core/errors.ts"
import { damagedPart } from "../store/damage.ts"

/** Whose storage it is. */
interface Owner {
  readonly resource: Resource
  readonly name: string
}

interface Known {
  failure: Failure | null
  readonly rows: Set<number>
}

/** By the ids of objects. */
const KNOWN = new Map<string, Known>()

/**
 * What this isolate knows to be damaged of one object. A page that can't be read resets the object that comes upon it in a
 * transaction: without a memory beyond its own, its next life would do so again, and never tell anybody.
 */
export class KnownDamage {
  readonly #id: string
  readonly #owner: () => Owner
  /** Whether the object came upon rows in this life that can't be read. */
  #hasMetRows = false

  constructor(id: string, owner: () => Owner) {
    this.#id = id
    this.#owner = owner
  }

  /** Why the object serves nothing, or null where it does. */
  get failure(): Failure | null {
    return KNOWN.get(this.#id)?.failure ?? null
  }

  /**
   * What callers are told of damage that `error` shows; the log has the rest. Throws `error` where it is about something
   * else, or may be.
   */
  failureOf(error: unknown): Failure {
    const damaged = damagedPart(error)
    // a transaction that came upon an unreadable row fails as a whole, whatever it does then; the next life passes the row by
    if (damaged === null || this.#hasMetRows) throw error
    const failure = { code: "corrupt_storage", ...this.#owner(), object: this.#id, damaged } as const
    console.error(JSON.stringify({ event: "storage_damaged", ...failure, error: causeOf(error) }))
    return failure
  }

  /** As `failureOf`, where the object serves nothing from then on. */
  stopFor(error: unknown): Failure {
    const failure = this.failureOf(error)
    this.#known().failure = failure
    return failure
  }

  /** Rows of the log that can't be read. */
  get size(): number {
    return KNOWN.get(this.#id)?.rows.size ?? 0
  }

  /** Whether it is one that begins at `baseOffset`. */
  has(baseOffset: number): boolean {
    return KNOWN.get(this.#id)?.rows.has(baseOffset) ?? false
  }

  add(baseOffset: number): void {
    this.#hasMetRows = true
    this.#known().rows.add(baseOffset)
  }

  /** Whether there is any damage, or an attempt to drop the tables did not come to its end. */
  get isAny(): boolean {
    return KNOWN.has(this.#id)
  }

  /** Notes that the tables are being dropped. */
  dropping(): void {
    this.#known()
  }

  /** Everything was dropped. */
  clear(): void {
    KNOWN.delete(this.#id)
  }

  #known(): Known {
    const known = KNOWN.get(this.#id) ?? { failure: null, rows: new Set<number>() }
    KNOWN.set(this.#id, known)
    return known
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
}
