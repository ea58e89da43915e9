import type { Failure } from "../core/errors.ts"
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
      case "deleting":
        return this.#remove(entry)
    }
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

  async #remove(entry: StoredEntry): Promise<Result<null, Failure>> {
    const done = await this.#callAll(entry, (target) => target.destroy(entry.incarnation))
    if (done.ok) this.#store.remove(entry.kind, entry.name)
    return done
  }

  /** Calls the entry's objects from index `first` on. */
  async #callAll(entry: StoredEntry, call: ObjectCall, first = 0): Promise<Result<null, Failure>> {
    const count = objectCount(entry)
    for (let from = first; from < count; from += CALLS_AT_ONCE) {
      const indexes = Array.from({ length: Math.min(CALLS_AT_ONCE, count - from) }, (_, step) => from + step)
      const results = await Promise.all(indexes.map((index) => this.#call(entry, index, call)))
      const failed = results.find((result) => !result.ok)
      if (failed) return failed
    }
    return ok(null)
  }

  async #call(entry: StoredEntry, index: number, call: ObjectCall): Promise<Result<null, Failure>> {
    try {
      return await call(this.#targetOf(entry, index))
    } catch (error) {
      console.error("catalog step", entry.step, entry.name, index, error)
      return err({ code: "unavailable", retryAfterMs: 1000 })
    }
  }

  #targetOf(entry: StoredEntry, index: number): StepTarget {
    const name = objectName(this.#namespace(), entry.name, index)
    switch (entry.kind) {
      case "queue":
        return this.#env.QUEUES.getByName(name)
      case "topic":
        return this.#env.PARTITIONS.getByName(name)
    }
  }
}

function objectCount(entry: StoredEntry): number {
  switch (entry.kind) {
    case "queue":
      return 1
    case "topic":
      return (JSON.parse(entry.settings) as TopicSettings).partitions
  }
}

function stepOf(entry: StoredEntry): CatalogStep<QueueSettings | TopicSettings> {
  const settings = JSON.parse(entry.settings) as QueueSettings | TopicSettings
  return { incarnation: entry.incarnation, version: entry.version, settings }
}
