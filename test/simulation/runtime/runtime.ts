import { type Answer, type Arrived, Exchange } from "./exchange.ts"
import { installGlobals } from "./globals.ts"
import { Platform } from "./platform.ts"
import { OBJECTS, SETTINGS, WORKER } from "./program.ts"
import type { FaultKind, Profile } from "./profile.ts"
import { SimObject } from "./sim-object.ts"
import { SimSocket } from "./sim-socket.ts"
import { SimWorker } from "./sim-worker.ts"
import { stubOf } from "./stub.ts"

/** What may differ from one request to the next. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** The client goes away after so long without an answer, and the Worker hears of it. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 60_000
/** Of one alone nobody would ever be behind another. */
const WORKERS = 2
const UPGRADE = { upgrade: "websocket", "sec-websocket-protocol": "millrace.v1" }

/**
 * The platform that the broker runs on, simulated under one seed: the real Worker and the real objects, a virtual
 * clock, a network, and disks that can fail. One at a time: while it lives, it replaces the process's clock, timers and
 * chance. The same seed and the same calls give the same run.
 *
 * Objects have the names of `objectName`, behind their binding: `QUEUES/default/jobs/0`, `CATALOG/default`.
 */
export class Runtime {
  readonly #platform: Platform
  readonly #objects = new Map<string, SimObject>()
  readonly #env: object
  readonly #restoreGlobals: () => void
  /** Any of them may get the next request. */
  readonly #workers: SimWorker[]
  #lastWorker = 0

  constructor(seed: number, profile: Profile, { trace = false }: { readonly trace?: boolean } = {}) {
    this.#platform = new Platform(seed, profile, trace)
    this.#env = { ...SETTINGS, ...this.#namespaces() }
    this.#restoreGlobals = installGlobals(this.#platform)
    this.#workers = Array.from({ length: WORKERS }, () => this.#newWorker())
  }

  /** Virtual milliseconds since the start: no jump of a clock moves it. Take it for histories. */
  get now(): number {
    return this.#platform.loop.now
  }

  get profile(): Profile {
    return this.#platform.profile
  }

  /** From now on this goes wrong: for a drain, set `CALM`. */
  set profile(profile: Profile) {
    this.#platform.profile = profile
  }

  /** What happened, in order; empty unless asked for. */
  get trace(): readonly string[] {
    return this.#platform.trace
  }

  /** How often each thing has gone wrong, by itself or because it was asked for. */
  get faults(): Readonly<Record<FaultKind, number>> {
    return this.#platform.faults
  }

  /** How much happened so far. */
  get counts(): Readonly<Platform["counts"]> & { readonly turns: number } {
    return { ...this.#platform.counts, turns: this.#platform.loop.turns }
  }

  /** Exceptions and reports that nothing around them explains: bugs. */
  get errors(): readonly string[] {
    return this.#platform.errors
  }

  /**
   * Asks the broker; null where no answer came. `body` goes as JSON, text and bytes as they are, with the content type
   * in `headers`.
   */
  request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer | null> {
    return this.#exchange(method, path, body, options)
  }

  /** Opens a client's socket; null where none came about. */
  async connect(): Promise<SimSocket | null> {
    const arrived = await this.#exchange("GET", "/v1/connect", undefined, { headers: UPGRADE })
    return arrived?.end ? new SimSocket(arrived.end) : null
  }

  /** Resolves so many virtual milliseconds later. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#platform.loop.after(ms, resolve)
    })
  }

  /** Runs everything that happens within the next virtual milliseconds. */
  async run(ms: number): Promise<void> {
    await this.#platform.loop.run(ms)
  }

  /** Runs until `work` has ended, and answers with what it came to; throws where that takes longer than `limitMs`. */
  async runUntil<T>(work: Promise<T>, limitMs: number): Promise<T> {
    let isDone = false
    const watch = async (): Promise<void> => {
      await work.catch(() => {})
      isDone = true
    }
    void watch()
    await this.#platform.loop.run(limitMs, () => isDone)
    if (!isDone) throw new Error(`not done after ${limitMs} simulated milliseconds`)
    return work
  }

  /** Takes objects that have nothing under way out of memory, or the named one; their sockets hibernate. Answers how many. */
  evict(object?: string): number {
    const evicted = this.#chosen(object).filter((each) => each.evict()).length
    this.#platform.faults.evict += evicted
    return evicted
  }

  /**
   * Ends objects at once, or the named one: of what is on its way to the disk, the first `kept` commits of each got
   * there, any number by default. Their sockets break, and callers get an exception.
   */
  crash(object?: string, kept?: number): void {
    for (const each of this.#chosen(object)) {
      this.#platform.faults.crash++
      each.crash(kept ?? this.#platform.random.between(0, each.commits.underWay))
    }
  }

  /** A power cut: all objects crash, and all Workers end. */
  crashAll(): void {
    this.crash()
    this.endWorkers()
  }

  /** Ends all Workers: their requests get no answer, their sockets break, and the next begin with empty caches. */
  endWorkers(): void {
    for (const worker of this.#workers.filter(({ isAlive }) => isAlive)) {
      this.#platform.faults.endWorker++
      worker.die()
    }
  }

  /** Moves all wall clocks by so much, or that of one object. Timers don't follow, alarms do. */
  jumpClock(ms: number, object?: string): void {
    this.#platform.faults.clockJump++
    if (object === undefined) this.#platform.wallOffsetMs += ms
    for (const each of this.#chosen(object)) {
      if (object !== undefined) each.clockOffsetMs += ms
      each.alarm.arm()
    }
  }

  /** The next commit of the object fails, and it is reset. */
  failNextCommit(object: string): void {
    this.#platform.faults.failCommit++
    for (const each of this.#chosen(object)) each.commits.failsNext = true
  }

  /** The object does nothing for so long; what comes for it waits. */
  pauseObject(object: string, ms: number): void {
    this.#platform.faults.pause++
    for (const each of this.#chosen(object)) each.pause(ms)
  }

  /** The names of the objects that were ever reached. */
  objects(): string[] {
    return [...this.#objects.keys()]
  }

  /** Whether the object is in memory. */
  isLoaded(object: string): boolean {
    return this.#chosen(object).some(({ instance }) => instance !== null)
  }

  /** Ends everything, and gives the process its clock, timers and chance back. Always call it. */
  close(): void {
    this.#platform.loop.close()
    for (const worker of this.#workers) worker.isAlive = false
    for (const object of this.#objects.values()) object.close()
    this.#restoreGlobals()
  }

  #exchange(method: string, path: string, body: unknown, options: RequestOptions): Promise<Arrived | null> {
    const { headers = {}, timeoutMs = TIMEOUT_MS } = options
    const isRaw = typeof body === "string" || body instanceof Uint8Array
    const parts = {
      method,
      headers: body === undefined || isRaw ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? null : isRaw ? body : JSON.stringify(body),
    }
    const exchange = new Exchange(this.#platform)
    exchange.start(`https://broker${path}`, parts, () => this.#livingWorker(), timeoutMs)
    return exchange.answer
  }

  #chosen(object: string | undefined): SimObject[] {
    if (object === undefined) return [...this.#objects.values()]
    const chosen = this.#objects.get(object)
    return chosen === undefined ? [] : [chosen]
  }

  #livingWorker(): SimWorker {
    const at = this.#platform.random.between(0, WORKERS - 1)
    const worker = this.#workers[at]!
    if (worker.isAlive) return worker
    const next = this.#newWorker()
    this.#workers[at] = next
    return next
  }

  #newWorker(): SimWorker {
    return new SimWorker(this.#platform, ++this.#lastWorker, WORKER, this.#env)
  }

  #namespaces(): Record<string, { getByName: (name: string) => object }> {
    const namespaces = Object.keys(OBJECTS).map((binding) => {
      return [binding, { getByName: (name: string) => stubOf(this.#object(binding, name)) }] as const
    })
    return Object.fromEntries(namespaces)
  }

  #object(binding: string, idName: string): SimObject {
    const name = `${binding}/${idName}`
    const known = this.#objects.get(name)
    if (known) return known
    const made = new SimObject(this.#platform, binding, idName, OBJECTS[binding]!, this.#env)
    this.#objects.set(name, made)
    return made
  }
}
