import { databaseGone } from "../core/database-gone.ts"
import type { Failure } from "../core/errors.ts"
import { METADATA_TTL_MS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { type Dial, type ObjectSocket, type ObjectSocketEvents, type Resolve, RETRY_AFTER_MS } from "./ports.ts"

/**
 * Something to do once the settings of a name are known, or known to be unknown. What comes after it waits for the
 * promise that it may answer, which must not reject.
 */
type Step<Settings> = (entry: Result<CatalogEntry<Settings>, Failure>) => Promise<void> | void

/** A queue or topic that a session talks of: keeps everything about it in the client's order while its settings load. */
export class Target<Settings> {
  readonly #name: string
  readonly #resolve: Resolve<Settings>
  readonly #sameShape: (one: Settings, other: Settings) => boolean
  #entry: CatalogEntry<Settings> | null = null
  #loadedAt = 0
  /** Whether only the catalog knows enough. */
  #isOutdated = false
  /** What waits for the settings, or for the step before it; null where nothing does. */
  #waiting: Step<Settings>[] | null = null

  /** `sameShape` is whether what was checked against one also holds for the other. */
  constructor(name: string, resolve: Resolve<Settings>, sameShape: (one: Settings, other: Settings) => boolean) {
    this.#name = name
    this.#resolve = resolve
    this.#sameShape = sameShape
  }

  /** Whether nothing would be missed if it were forgotten. */
  get isIdle(): boolean {
    return this.#waiting === null
  }

  /** Runs `step` now where the settings are known, else after all that came before it. */
  run(step: Step<Settings>): void {
    if (this.#waiting !== null) {
      this.#waiting.push(step)
      return
    }
    if (this.#entry === null || Date.now() - this.#loadedAt >= METADATA_TTL_MS) {
      this.#waiting = [step]
      void this.#load()
      return
    }
    const entry = ok(this.#entry)
    const work = step(entry)
    if (work === undefined) return
    this.#waiting = []
    void work.then(() => this.#runWaiting(entry))
  }

  /** Runs `step` after all that came before it, whether or not the settings are still what they were. */
  runInOrder(step: () => void): void {
    if (this.#waiting === null) step()
    else this.#waiting.push(step)
  }

  /** What the catalog knows now, for a step for which what it was told is too old; steps behind it are told so too. */
  async reload(): Promise<Result<CatalogEntry<Settings>, Failure>> {
    const fresh = await this.#settled(true)
    if (fresh.ok) this.#remember(fresh.value)
    return fresh
  }

  /** What is known is too old: asks the catalog before the next step. */
  outdated(): void {
    this.#entry = null
    this.#isOutdated = true
  }

  /**
   * Opens a socket with `entry`, and once more with the catalog's own where the object knows better. When a socket
   * ends, what was known may have ended too.
   */
  async dial(
    dial: Dial,
    entry: CatalogEntry<Settings>,
    events: ObjectSocketEvents,
  ): Promise<Result<ObjectSocket, Failure>> {
    const watched: ObjectSocketEvents = {
      received: (frames) => events.received(frames),
      closed: (code, reason) => {
        this.#entry = null
        events.closed(code, reason)
      },
    }
    const opened = await this.#dialFresh(dial, entry, watched)
    if (!opened.ok) this.#entry = null
    return opened
  }

  async #dialFresh(
    dial: Dial,
    entry: CatalogEntry<Settings>,
    events: ObjectSocketEvents,
  ): Promise<Result<ObjectSocket, Failure>> {
    const first = await dial(entry.version, events)
    if (first.ok || (first.error.code !== "stale_metadata" && first.error.code !== "not_found")) return first
    const fresh = await this.#settled(true)
    if (!fresh.ok) return fresh
    const { version, settings, incarnation } = fresh.value
    this.#remember(fresh.value)
    const { error } = first
    // what was neither deleted nor created anew since the call must be there
    if (error.code === "not_found" && incarnation === entry.incarnation)
      return err(databaseGone(error.resource, error.name))
    if (!this.#sameShape(settings, entry.settings)) return err({ code: "stale_metadata", version })
    return dial(version, events)
  }

  async #load(): Promise<void> {
    const resolved = await this.#settled(this.#isOutdated)
    if (resolved.ok) this.#remember(resolved.value)
    await this.#runWaiting(resolved)
  }

  async #runWaiting(loaded: Result<CatalogEntry<Settings>, Failure>): Promise<void> {
    const steps = this.#waiting ?? []
    let entry = loaded
    // by index: more may come while one takes its time
    for (let next = 0; next < steps.length; next++) {
      // a step before it may have found that this is not enough, or have learned more
      if (entry.ok && this.#isOutdated) entry = await this.reload()
      const known = entry.ok && this.#entry !== null ? ok(this.#entry) : entry
      const work = steps[next]!(known)
      if (work !== undefined) await work
    }
    this.#waiting = null
  }

  #remember(entry: CatalogEntry<Settings>): void {
    this.#entry = entry
    this.#isOutdated = false
    this.#loadedAt = Date.now()
  }

  async #settled(fresh: boolean): Promise<Result<CatalogEntry<Settings>, Failure>> {
    try {
      return await this.#resolve(this.#name, fresh)
    } catch {
      return err({ code: "unavailable", retryAfterMs: RETRY_AFTER_MS })
    }
  }
}
