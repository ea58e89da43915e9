import type { Failure } from "../core/errors.ts"
import { MAX_CACHED_NAMES, METADATA_TTL_MS } from "../core/limits.ts"
import { ok, type Result } from "../core/result.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import type { Scope } from "./env.ts"

/** Asks the catalog. */
type Load<Settings> = (scope: Scope, name: string) => Promise<Result<CatalogEntry<Settings>, Failure>>

interface Cached<Settings> {
  readonly entry: CatalogEntry<Settings>
  readonly loadedAt: number
}

/** An entry, and whether it may be older than what the catalog holds. */
export interface Resolved<Settings> {
  readonly entry: CatalogEntry<Settings>
  readonly cached: boolean
}

/**
 * What this isolate knows of names. Being behind is harmless, as every call carries the version it was made with, so
 * an old entry also serves while it is being loaded again or the catalog can't be reached. Every request that has to
 * load does so itself: to wait for another request's call would mean to go on in that request, and to end with it.
 */
export class MetadataCache<Settings> {
  readonly #defaults: Settings
  readonly #load: Load<Settings>
  readonly #entries = new Map<string, Cached<Settings>>()

  constructor(defaults: Settings, load: Load<Settings>) {
    this.#defaults = defaults
    this.#load = load
  }

  /** An entry with the settings that a catalog of the version before does not know: Workers and objects change apart. */
  complete(entry: CatalogEntry<Settings>): CatalogEntry<Settings> {
    return { ...entry, settings: { ...this.#defaults, ...entry.settings } }
  }

  /** The entry of `name`, from memory where it is fresh. */
  async resolve(scope: Scope, name: string): Promise<Result<Resolved<Settings>, Failure>> {
    const cached = this.#entries.get(keyOf(scope, name))
    if (cached !== undefined && Date.now() - cached.loadedAt < METADATA_TTL_MS) return found(cached.entry, true)
    // one request loads it again, the others go on with what there is
    if (cached !== undefined) this.store(scope, cached.entry)
    const loaded = await this.reload(scope, name)
    if (loaded.ok) return found(loaded.value, false)
    const unreachable = ["unavailable", "overloaded", "disk_full", "corrupt_storage"].includes(loaded.error.code)
    return unreachable && cached !== undefined ? found(cached.entry, true) : loaded
  }

  /** The entry of `name` as the catalog holds it. */
  async reload(scope: Scope, name: string): Promise<Result<CatalogEntry<Settings>, Failure>> {
    const loaded = await this.#load(scope, name)
    if (loaded.ok) return ok(this.store(scope, loaded.value))
    if (loaded.error.code === "not_found") this.forget(scope, name)
    return loaded
  }

  /** Takes note of what the catalog just said, and completes it. */
  store(scope: Scope, said: CatalogEntry<Settings>): CatalogEntry<Settings> {
    const entry = this.complete(said)
    const key = keyOf(scope, entry.name)
    this.#entries.delete(key)
    this.#entries.set(key, { entry, loadedAt: Date.now() })
    const [oldest] = this.#entries.size > MAX_CACHED_NAMES ? this.#entries.keys() : []
    if (oldest !== undefined) this.#entries.delete(oldest)
    return entry
  }

  /** The name is gone or changing. */
  forget(scope: Scope, name: string): void {
    this.#entries.delete(keyOf(scope, name))
  }
}

function found<Settings>(entry: CatalogEntry<Settings>, cached: boolean): Result<Resolved<Settings>, never> {
  return { ok: true, value: { entry, cached } }
}

function keyOf({ caller }: Scope, name: string): string {
  return `${caller.namespace}/${name}`
}
