import type { PartitionCall, TopicInfo, TopicLookup } from "../../src/core/group/coordination.ts"
import { Coordinator } from "../../src/core/group/coordinator.ts"
import type { Failure } from "../../src/core/errors.ts"
import type { GroupDescription } from "../../src/core/group/commands.ts"
import type { GroupSettings } from "../../src/core/group/settings.ts"
import { err, ok, type Result } from "../../src/core/result.ts"
import type { GroupOffset } from "../../src/core/stream/group-commands.ts"
import { GroupStore } from "../../src/store/group-store.ts"
import { giveBack, takeDatabase } from "./databases.ts"
import type { Fault } from "./faults.ts"
import { Crash, type Network } from "./network.ts"
import type { Scheduler } from "./scheduler.ts"

/** As the object waits for its calls. */
const CALL_TIMEOUT_MS = 10_000
/** As the object puts off a deadline that leads to nothing. */
const GUARD_MS = 1_000
const NO_ANSWER: Failure = { code: "unavailable", retryAfterMs: 0 }

/** What a coordinator needs of the world around it. */
export interface CoordinatorWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly crash: () => "before" | "after" | null
  readonly fault: Fault | null
  /** What a partition answers, at which a call has arrived. */
  readonly serve: (call: PartitionCall) => Result<GroupOffset | null, Failure>
  readonly lookUp: (asked: TopicLookup) => TopicInfo[]
  /** The group knows of these topics and partitions. */
  readonly seen: (topics: GroupDescription["topics"]) => void
}

/** The coordinator of the group: its core and its store, committed and reloaded as its object does. */
export class SimCoordinator {
  readonly #world: CoordinatorWorld
  readonly #settings: GroupSettings
  readonly #database = takeDatabase("group")
  readonly #store = new GroupStore(this.#database)
  #core: Coordinator
  #alarm = 0
  #downUntil = 0

  constructor(world: CoordinatorWorld, settings: GroupSettings) {
    this.#world = world
    this.#settings = settings
    this.#core = this.#load()
  }

  /** A look from outside, which is no call. */
  get core(): Coordinator {
    return this.#core
  }

  /** Throws memory away; for `downMs` nobody is answered. */
  restart(downMs: number): void {
    const { scheduler } = this.#world
    this.#downUntil = scheduler.now + downMs
    this.#core = this.#load()
    this.#world.seen(this.#core.describe().topics)
    this.#arm(Math.max(this.#downUntil, this.#core.nextDeadlineAt() ?? Number.POSITIVE_INFINITY))
  }

  close(): void {
    giveBack("group", this.#database)
  }

  /** One commit, as the object makes it, with all that follows from it. */
  commit<T>(run: (core: Coordinator, now: number) => T): T {
    const { scheduler } = this.#world
    const { now } = scheduler
    if (now < this.#downUntil) throw new Crash()
    const crash = this.#world.crash()
    let isChanged = false
    let result: T
    try {
      result = this.#database.transaction(() => {
        const value = run(this.#core, now)
        if (this.#world.fault === "sessions never end") this.#hearEveryone(now)
        this.#core.settle(now)
        if (crash === "before") throw new Crash()
        const changes = this.#core.takeChanges()
        if (changes) this.#store.write(changes)
        isChanged = changes !== null
        return value
      })
      if (crash === "after") throw new Crash()
    } catch (error) {
      if (error instanceof Crash) this.restart(0)
      throw error
    }
    this.#afterCommit(now)
    const next = this.#core.nextDeadlineAt()
    const hasStalled = next !== null && next <= now && !isChanged
    if (next !== null) this.#arm(hasStalled ? now + GUARD_MS : next)
    return result
  }

  #hearEveryone(now: number): void {
    for (const { memberId } of this.#core.describe().members) {
      this.#core.heartbeat({ memberId, owned: null, subscription: null }, now)
    }
  }

  #afterCommit(now: number): void {
    const core = this.#core
    // members ask again and again, so nobody is told
    core.takeNews()
    core.takeExpelled()
    for (const call of core.takeCalls(now)) this.#carry(core, call)
    const asked = core.lookups(now)
    if (!asked) return
    this.#world.network.call(
      () => this.#world.lookUp(asked),
      (found) => {
        if (this.#tell(core, (at) => core.noteTopics(asked, found, at))) this.#world.seen(core.describe().topics)
      },
      CALL_TIMEOUT_MS,
    )
  }

  #carry(core: Coordinator, call: PartitionCall): void {
    const done = (answer: Result<GroupOffset | null, Failure> | null): void => {
      this.#tell(core, (now) => core.answered(call, answer ?? err(NO_ANSWER), now))
    }
    if (this.#world.fault === "told before the grant" && call.kind === "grant") return this.#carryLate(call, done)
    this.#world.network.call(() => this.#world.serve(call), done, CALL_TIMEOUT_MS)
  }

  /** Takes a grant as done, and only then has it done. */
  #carryLate(
    call: PartitionCall & { readonly kind: "grant" },
    done: (answer: Result<GroupOffset, Failure>) => void,
  ): void {
    const { scheduler, network, serve } = this.#world
    const { memberId, epoch } = call.request
    scheduler.after(0, () => {
      const seen = serve({ ...call, kind: "look" })
      done(seen.ok && seen.value ? ok({ ...seen.value, memberId, epoch }) : err(NO_ANSWER))
    })
    const ignore = (): void => {}
    network.call(() => serve(call), ignore, CALL_TIMEOUT_MS)
  }

  /** Tells the instance that asked, if it is still there. Answers whether it has heard. */
  #tell(core: Coordinator, something: (now: number) => void): boolean {
    if (this.#core !== core) return false
    try {
      this.commit((_, now) => something(now))
      return true
    } catch (error) {
      if (error instanceof Crash) return false
      throw error
    }
  }

  #arm(at: number): void {
    if (at === Number.POSITIVE_INFINITY) return
    const alarm = ++this.#alarm
    this.#world.scheduler.at(at, () => {
      if (alarm !== this.#alarm) return
      try {
        this.commit(() => null)
      } catch (error) {
        if (!(error instanceof Crash)) throw error
      }
    })
  }

  #load(): Coordinator {
    return new Coordinator({ settings: this.#settings, ...this.#store.load(), now: this.#world.scheduler.now })
  }
}
