import { databaseGone } from "../core/database-gone.ts"
import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogStore, StoredEntry } from "../store/catalog-store.ts"
import { type CatalogStep, objectName } from "./contract.ts"
import type { ObjectEnv } from "./env.ts"

/** Objects that one step calls at the same time. */
const CALLS_AT_ONCE = 16

/** What a step does with one object. */
type ObjectCall = (target: StepTarget) => Promise<Result<null, Failure>>

/** The calls that all objects with a life answer. */
interface StepTarget {
  init(step: CatalogStep<unknown>): Promise<Result<null, Failure>>
  configure(step: CatalogStep<unknown>): Promise<Result<null, Failure>>
  destroy(incarnation: number): Promise<Result<null, Failure>>
}

/**
 * Takes a name's objects through the step that its entry says. Every call is idempotent and carries the
 * entry's numbers, so a step that a crash left half done is simply done again.
 */
export class CatalogSteps {
  readonly #store: CatalogStore
  readonly #env: ObjectEnv
  readonly #namespace: () => string

  constructor(store: CatalogStore, env: ObjectEnv, namespace: () => string) {
    this.#store = store
    this.#env = env
    this.#namespace = namespace
  }

  /** Finishes the entry's step. Where an object can't be reached the step stays for the next try. */
  async finish(entry: StoredEntry): Promise<Result<null, Failure>> {
    switch (entry.step) {
      case "ready":
        return ok(null)
      case "creating":
        return this.#advance(entry, (target) => target.init(stepOf(entry)))
      case "altering":
        return this.#advance(entry, (target) => target.configure(stepOf(entry)))
      case "growing":
        return this.#seal(entry)
      case "deleting":
        return this.#remove(entry)
    }
  }

  /** Whether old partitions must cut their logs before anybody may know of the new ones. */
  needsBarrier(entry: StoredEntry, settings: string): boolean {
    return growthCount(settings) > growthCount(entry.settings)
  }

  /**
   * Creates the objects that `settings` ask for beyond those of `entry`. Nobody looks for them until the entry has
   * these settings: a crash before that leaves them empty, for the next attempt or for good.
   */
  async grow(entry: StoredEntry, settings: string): Promise<Result<null, Failure>> {
    const present = objectCount(entry)
    if (objectCount({ ...entry, settings }) <= present) return ok(null)
    const grown = { ...entry, settings, version: this.#store.nextNumber() }
    return this.#callAll(grown, (target) => target.init(stepOf(grown)), present)
  }

  async #advance(entry: StoredEntry, call: ObjectCall): Promise<Result<null, Failure>> {
    const done = await this.#callAll(entry, call)
    if (done.ok) this.#store.setStep(entry.kind, entry.name, "ready")
    return done
  }

  /**
   * Has every partition cut its log and refuse appends; then what is pending holds, for who asks for it. Whatever is
   * appended by the new number comes after all that was appended by the old one.
   */
  async #seal(entry: StoredEntry): Promise<Result<null, Failure>> {
    const { kind, name, pending } = entry
    if (pending === null) throw new Error(`${name} grows into nothing`)
    const { partitions } = JSON.parse(pending) as TopicSettings
    const sealed = await each(entry, 0, objectCount(entry), async (index) => {
      const partition = this.#env.PARTITIONS.getByName(this.#nameOf(entry, index))
      const done = await partition.seal(entry.incarnation, partitions)
      return done.ok ? ok(null) : done
    })
    if (!sealed.ok) return sealed
    // one turn, one transaction
    const altered = { step: "altering", version: this.#store.nextNumber(), settings: pending, pending: null } as const
    this.#store.update(kind, name, { ...altered, updatedAt: Date.now() })
    return this.finish({ ...entry, ...altered })
  }

  async #remove(entry: StoredEntry): Promise<Result<null, Failure>> {
    const done = await this.#callAll(entry, (target) => target.destroy(entry.incarnation))
    if (done.ok) this.#store.remove(entry.kind, entry.name, Date.now())
    return done
  }

  /** Calls the entry's objects from index `first` on. */
  #callAll(entry: StoredEntry, call: ObjectCall, first = 0): Promise<Result<null, Failure>> {
    return each(entry, first, objectCount(entry), (index) => call(this.#targetOf(entry, index)))
  }

  #nameOf({ name }: StoredEntry, index: number): string {
    return objectName(this.#namespace(), name, index)
  }

  #targetOf(entry: StoredEntry, index: number): StepTarget {
    const name = this.#nameOf(entry, index)
    switch (entry.kind) {
      case "queue":
        return this.#env.QUEUES.getByName(name)
      case "topic":
        return this.#env.PARTITIONS.getByName(name)
      case "group":
        return this.#env.GROUPS.getByName(name)
    }
  }
}

/** Makes a call for every index, some at a time, until one fails. An object that a step takes for granted must be there. */
async function each(
  { step, kind, name }: StoredEntry,
  first: number,
  end: number,
  call: (index: number) => Promise<Result<null, Failure>>,
): Promise<Result<null, Failure>> {
  const attempt = async (index: number): Promise<Result<null, Failure>> => {
    try {
      const done = await call(index)
      return !done.ok && done.error.code === "not_found" ? err(databaseGone(kind, name)) : done
    } catch (error) {
      console.error("catalog step", step, name, index, error)
      return err({ code: "unavailable", retryAfterMs: 1000 })
    }
  }
  for (let from = first; from < end; from += CALLS_AT_ONCE) {
    const indexes = Array.from({ length: Math.min(CALLS_AT_ONCE, end - from) }, (_, nth) => from + nth)
    const results = await Promise.all(indexes.map(attempt))
    const failed = results.find((result) => !result.ok)
    if (failed) return failed
  }
  return ok(null)
}

function growthCount(settings: string): number {
  return (JSON.parse(settings) as Partial<TopicSettings>).growths?.length ?? 0
}

function objectCount(entry: StoredEntry): number {
  switch (entry.kind) {
    case "queue":
    case "group":
      return 1
    case "topic":
      return (JSON.parse(entry.settings) as TopicSettings).partitions
  }
}

function stepOf(entry: StoredEntry): CatalogStep<QueueSettings | TopicSettings | GroupSettings> {
  const settings = JSON.parse(entry.settings) as QueueSettings | TopicSettings | GroupSettings
  return { incarnation: entry.incarnation, version: entry.version, settings }
}
