import { DurableObject } from "cloudflare:workers"
import type { Failure, Resource } from "../core/errors.ts"
import { MAX_PENDING_COMMANDS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import { reading } from "../store/damage.ts"
import { DurableDatabase } from "../store/durable-database.ts"
import { createIdentity, type Identity, readIdentity, writeSettings, writeTombstone } from "../store/identity-store.ts"
import { type Command, Commands, refuse } from "./commands.ts"
import type { CatalogStep } from "./contract.ts"
import { dropStorage } from "./drop-storage.ts"
import type { ObjectEnv } from "./env.ts"
import { KnownDamage } from "./known-damage.ts"
import { isOutdated, type Loaded, outdated, parseSettings } from "./loaded.ts"
import { acceptSocket, readFrames, refuseFrames } from "./sockets.ts"
import { WakeUp } from "./wake-up.ts"

/** A deadline is looked at again this long after its alarm, should the alarm's own work fail. */
const GUARD_MS = 1_000

/**
 * What all objects with a log have in common: group commit, one alarm, identity, and crashing on a bug.
 * `Engine` is the pure core that decides; it lives in memory and can be thrown away at any moment.
 */
export abstract class BrokerObject<Engine, Settings> extends DurableObject<ObjectEnv> {
  protected readonly database: DurableDatabase
  /** What is known to be damaged, also from lives before. */
  protected readonly damage: KnownDamage
  readonly #wakeUp: WakeUp
  #loaded: Loaded<Engine> | null = null
  readonly #pending = new Commands<Engine>()
  #commits = 0

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env)
    this.database = new DurableDatabase(ctx.storage)
    this.damage = new KnownDamage(ctx.id.toString(), () => ({ resource: this.resource, name: this.path.name }))
    this.#wakeUp = new WakeUp(ctx.storage, () => this.database.cost.rowsWritten++)
    void ctx.blockConcurrencyWhile(() => this.#wakeUp.load().then(() => this.rearm()))
  }

  /** What this object is called in a problem. */
  protected abstract readonly resource: Resource
  protected abstract readonly kind: "queue" | "partition" | "group"
  /** Builds the engine from storage. */
  protected abstract loadEngine(identity: Identity, settings: Settings): Engine
  /** Takes over changed settings. */
  protected abstract applySettings(engine: Engine, settings: Settings): void
  /** The newest settings as the catalog has them. */
  protected abstract fetchSettings(): Promise<CatalogStep<Settings> | null>
  /** Applies one operation of a session's socket, inside a commit. */
  protected abstract applyFrame(socket: WebSocket, engine: Engine, frame: Framed<ToObject>, now: number): void
  /** Does what is due, and serves whoever waits; the last thing before the write. */
  protected abstract settleCommit(engine: Engine, now: number): void
  /** Writes what the commit changed, inside the transaction. Answers whether there was anything. */
  protected abstract writeCommit(engine: Engine, now: number): boolean
  /** Sends what the commit has for sockets and neighbours. */
  protected abstract afterCommit(engine: Engine, now: number): void
  /** Earliest instant at which the object has something to do by itself, or null. */
  protected abstract nextDeadlineAt(engine: Engine): number | null
  /** Lets go of everything after the object was destroyed. */
  protected abstract dispose(): void

  /** Namespace and name out of `<namespace>/<name>/<index>`. */
  protected get path(): { readonly namespace: string; readonly name: string; readonly index: number } {
    const [namespace = "", name = "", index = "0"] = (this.ctx.id.name ?? "").split("/")
    return { namespace, name, index: Number(index) }
  }

  /** Commits that wrote something since this instance was loaded. */
  get commits(): number {
    return this.#commits
  }

  /** Creates the object, or brings it to the step's settings. Idempotent; an older life is refused. */
  async init(step: CatalogStep<Settings>): Promise<Result<null, Failure>> {
    const { identity, damage } = this.#load()
    if (damage) return err(damage)
    if (identity && isOutdated(identity, step.incarnation)) return err(outdated(step.incarnation))
    if (identity?.state === "live" && identity.incarnation === step.incarnation) return this.configure(step)
    const identified = { ...step, settings: JSON.stringify(step.settings) }
    this.database.transaction(() => createIdentity(this.database, this.kind, identified))
    this.#loaded = null
    return ok(null)
  }

  /** Takes over newer settings of the same life. */
  async configure(step: CatalogStep<Settings>): Promise<Result<null, Failure>> {
    const { identity, engine } = this.#load()
    if (!identity || !engine || identity.incarnation !== step.incarnation) return err(this.notFound())
    if (step.version <= identity.version) return ok(null)
    const settings = JSON.stringify(step.settings)
    writeSettings(this.database, step.version, settings)
    this.#loaded = { engine, identity: { ...identity, version: step.version, settings }, damage: null }
    this.applySettings(engine, step.settings)
    // what waited may go on by the new settings, and deadlines may have moved
    return this.commit(() => ok(null))
  }

  /** Ends this life and everything in it. A tombstone stays, so that a late `init` can't bring it back. */
  async destroy(incarnation: number): Promise<Result<null, Failure>> {
    const { identity, damage } = this.#load()
    if (identity && identity.incarnation > incarnation) return ok(null)
    // what comes in between finds nothing to work on
    this.#loaded = { engine: null, identity, damage }
    await dropStorage(this.ctx.storage, this.damage, () => writeTombstone(this.database, this.kind, incarnation))
    await this.#wakeUp.load()
    this.#loaded = null
    this.dispose()
    return ok(null)
  }

  /** The alarm: arms the next one first, then does what is due in a commit like any other. */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const now = Date.now()
    this.#wakeUp.fired(info?.scheduledTime ?? now)
    const next = this.#nextDeadlineAt()
    this.#wakeUp.wakeAt(next !== null && next <= now ? now + GUARD_MS : next, now)
    if (next !== null && next <= now) await this.commit(() => ok(null))
  }

  /** The internal socket of one client session; speaks `protocol/internal/frames.ts`. */
  override async fetch(request: Request): Promise<Response> {
    const version = Number(new URL(request.url).searchParams.get("version"))
    return acceptSocket(this.ctx, request, await this.checkVersion(version))
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const frames = readFrames(socket, message)
    if (!frames) return
    this.enqueue({
      run: (engine, now) => {
        if (!engine.ok) return refuseFrames(socket, frames, engine.error)
        for (const frame of frames) this.applyFrame(socket, engine.value, frame, now)
      },
      done: () => {},
    })
  }

  /** Runs a command in the next commit, for a caller that believes in `version`. */
  protected async request<T>(
    version: number,
    command: (engine: Engine, now: number) => Result<T, Failure>,
  ): Promise<Result<T, Failure>> {
    const failure = await this.checkVersion(version)
    if (failure) return err(failure)
    return this.commit((engine, now) => {
      // the settings may have changed while the commit was collected
      const stale = this.#staleness(version)
      return stale ? err(stale) : command(engine, now)
    })
  }

  /** Whether a caller's version is this object's, after catching up with a newer one; null where it is. */
  protected async checkVersion(version: number): Promise<Failure | null> {
    const { identity } = this.#load()
    if (identity?.state === "live" && version > identity.version) {
      const step = await this.fetchSettings()
      if (step) await this.configure(step)
    }
    return this.#staleness(version)
  }

  /**
   * Runs a command in the next commit: everything that arrives in the same macrotask is applied in order
   * of arrival and written in one transaction.
   */
  protected commit<T>(command: (engine: Engine, now: number) => Result<T, Failure>): Promise<Result<T, Failure>> {
    return new Promise((resolve) => {
      let result: Result<T, Failure> = err({ code: "unavailable", retryAfterMs: 0 })
      this.enqueue({
        run: (engine, now) => {
          result = engine.ok ? command(engine.value, now) : engine
        },
        done: () => resolve(result),
      })
    })
  }

  /** Adds a command to the next commit. */
  protected enqueue(command: Command<Engine>): void {
    if (this.#pending.length >= MAX_PENDING_COMMANDS) {
      return refuse([command], { code: "overloaded", retryAfterMs: GUARD_MS }, Date.now())
    }
    this.enqueueAnyway(command)
  }

  /** Adds a command that nobody would make again, however many wait: only for what each socket brings once. */
  protected enqueueAnyway(command: Command<Engine>): void {
    // abort() ends the promise as well, and there is nobody left to tell
    if (this.#pending.add(command)) this.#flushSoon().catch(() => {})
  }

  /** Makes sure that the object wakes for a deadline that came up outside a commit. */
  protected rearm(): void {
    this.#wakeUp.wakeAt(this.#nextDeadlineAt(), Date.now())
  }

  /** Answers from what is committed. */
  protected look<T>(answer: () => Result<T, Failure>): Result<T, Failure> {
    try {
      return answer()
    } catch (error) {
      return err(this.damage.failureOf(error))
    }
  }

  /** The engine, or null for an object that was never created or is destroyed. Reading it writes nothing. */
  protected get engine(): Engine | null {
    return this.#load().engine
  }

  protected get incarnation(): number {
    return this.#load().identity?.incarnation ?? 0
  }

  /** Version of the settings. */
  protected get version(): number {
    return this.#load().identity?.version ?? 0
  }

  /** Why there is nothing to serve. */
  protected notFound(): Failure {
    return this.#load().damage ?? { code: "not_found", resource: this.resource, name: this.path.name }
  }

  async #flushSoon(): Promise<void> {
    try {
      await this.#pending.collect(this.ctx.storage)
      this.#flush()
    } catch (error) {
      // memory may be ahead of storage now: throw both away and start from what is stored
      console.error("commit failed", error)
      this.ctx.abort(`commit failed: ${String(error)}`)
    }
  }

  #flush(): void {
    const commands = this.#pending.take()
    const now = Date.now()
    const commitsBefore = this.#commits
    const { engine } = this.#load()
    if (!engine) return refuse(commands, this.notFound(), now)
    try {
      this.database.transaction(() => {
        for (const command of commands) command.run(ok(engine), now)
        this.settleCommit(engine, now)
        if (this.writeCommit(engine, now)) this.#commits++
      })
    } catch (error) {
      return refuse(commands, this.#stop(error), now)
    }
    for (const command of commands) command.done()
    this.afterCommit(engine, now)
    const next = this.nextDeadlineAt(engine)
    // a commit that changed nothing would change nothing again at once: an alarm must never spin
    const hasStalled = next !== null && next <= now && this.#commits === commitsBefore
    this.#wakeUp.wakeAt(hasStalled ? now + GUARD_MS : next, now)
  }

  #load(): Loaded<Engine> {
    this.#loaded ??= this.#read()
    return this.#loaded
  }

  #read(): Loaded<Engine> {
    if (this.damage.failure) return { engine: null, identity: null, damage: this.damage.failure }
    try {
      const identity = reading("the settings", () => readIdentity(this.database, this.kind))
      const engine = identity?.state === "live" ? this.loadEngine(identity, parseSettings(identity)) : null
      return { engine, identity, damage: null }
    } catch (error) {
      return { engine: null, identity: null, damage: this.damage.stopFor(error) }
    }
  }

  #nextDeadlineAt(): number | null {
    const { engine } = this.#load()
    try {
      return engine && this.nextDeadlineAt(engine)
    } catch (error) {
      this.#stop(error)
      return null
    }
  }

  /** Serves nothing more until it is loaded anew: memory is ahead of what could not be read or written. */
  #stop(error: unknown): Failure {
    const damage = this.damage.stopFor(error)
    this.#loaded = { engine: null, identity: this.#load().identity, damage }
    this.dispose()
    return damage
  }

  #staleness(version: number): Failure | null {
    const { identity } = this.#load()
    if (identity?.state !== "live") return this.notFound()
    return version === identity.version ? null : { code: "stale_metadata", version: identity.version }
  }
}
