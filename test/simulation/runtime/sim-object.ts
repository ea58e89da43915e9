import { Alarm } from "./alarm.ts"
import { CommitLog } from "./commit-log.ts"
import { Instance, type ObjectClass } from "./instance.ts"
import type { Platform, TurnEnder } from "./platform.ts"
import { giveBack, takeDatabase } from "./sim-database.ts"
import type { SocketEnd } from "./socket-end.ts"

/** An object that nothing happens to for so long leaves memory. */
const IDLE_MS = 10_000

/** What may get in when: new events wait for the constructor and for storage, what goes on waits for storage only. */
export type Admission = "event" | "continuation" | "storage"

/** Something that happens in an object, once it may. */
export interface Step {
  /** The instance that it belongs to; without one it is for any. */
  readonly instance?: Instance
  readonly run: (instance: Instance) => void
  /** The object has ended before. */
  readonly lost: () => void
}

/** Objects of this process, in all runs. */
let objects = 0

/** An object: what is on its disk, its alarm and its sockets, and the instance in memory where there is one. */
export class SimObject implements TurnEnder {
  readonly platform: Platform
  /** With its binding in front. */
  readonly name: string
  /** As the program knows it. */
  readonly idName: string
  /** That of no other object in this process: what a module remembers of one run is nothing to the next. */
  readonly id = (++objects).toString(16).padStart(64, "0")
  readonly database = takeDatabase()
  readonly commits: CommitLog
  readonly alarm: Alarm
  readonly sockets = new Set<SocketEnd>()
  clockOffsetMs = 0
  instance: Instance | null = null
  readonly #class: ObjectClass
  readonly #env: object
  readonly #waiting: { readonly admission: Admission; readonly step: Step }[] = []
  #pausedUntil = 0
  #activeAt = 0
  #looksAgain = false
  #willResume = false

  constructor(platform: Platform, binding: string, idName: string, create: ObjectClass, env: object) {
    this.platform = platform
    this.name = `${binding}/${idName}`
    this.idName = idName
    this.#class = create
    this.#env = env
    this.commits = new CommitLog(platform, this.database, this)
    this.alarm = new Alarm(this)
  }

  get durableAlarmAt(): number | null {
    return this.alarm.durableAt
  }

  /** Runs `step` now, or as soon as it may get in. */
  admit(admission: Admission, step: Step): void {
    if (this.#isBlocked(admission) || this.#waiting.some((each) => each.admission === admission)) {
      this.#waiting.push({ admission, step })
      return
    }
    this.#run(step)
  }

  /** Goes on with what waits, as far as it may; each in a turn of its own. */
  resume(): void {
    if (this.#willResume || this.#waiting.length === 0) return
    this.#willResume = true
    this.platform.loop.after(0, () => {
      this.#willResume = false
      const next = this.#waiting.find(({ admission }) => !this.#isBlocked(admission))
      if (next === undefined) return
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      this.#run(next.step)
      this.resume()
    })
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.platform.loop.now + ms)
    this.platform.note(this.name, `pauses for ${ms.toFixed()} ms`)
    this.platform.loop.at(this.#pausedUntil, () => this.resume())
  }

  /** A socket that lives on while the object is not in memory. */
  accept(end: SocketEnd): void {
    this.sockets.add(end)
    end.receive({
      message: (data) =>
        this.#socketStep((instance) => instance.target.webSocketMessage?.(instance.socketOf(end), data)),
      closed: (code, reason, wasClean) => {
        this.#socketStep((instance) => {
          const socket = instance.socketOf(end)
          this.sockets.delete(end)
          return instance.target.webSocketClose?.(socket, code, reason, wasClean)
        })
      },
    })
  }

  /** Leaves memory where nothing is under way; its sockets hibernate. */
  evict(): boolean {
    const { instance } = this
    if (instance === null || !this.#isIdle()) return false
    for (const end of this.sockets) end.belongTo(null)
    this.instance = null
    instance.die()
    this.platform.note(this.name, "is evicted")
    return true
  }

  /** Ends at once: of what is on its way to the disk, the first `kept` commits got there. */
  crash(kept: number): void {
    this.commits.crash(kept)
    this.reset(`crashed, ${kept} commits kept`)
  }

  /** Ends, with everything that is under way in it. */
  reset(why: string): void {
    this.platform.note(this.name, why)
    const { instance } = this
    const waiting = this.#waiting.splice(0)
    this.instance = null
    if (instance === null) for (const end of this.sockets) end.abandon()
    this.sockets.clear()
    if (instance !== null) {
      // what is on its way gets to the disk, what the turn has written until now does not
      this.commits.crash(this.commits.underWay)
      instance.die()
      for (const call of instance.underWay) call.lost()
    }
    for (const { step } of waiting) step.lost()
    this.alarm.arm()
  }

  alarmIsDurable(at: number | null): void {
    this.alarm.set(at)
  }

  commitFailed(): void {
    this.reset("is reset after a failed commit")
  }

  commitIsDurable(): void {
    this.platform.noteActive(this)
  }

  /** The end of a turn in which it did something. */
  turnEnded(): void {
    this.commits.seal()
    this.#activeAt = this.platform.loop.now
    if (this.instance === null) return
    this.#mishaps()
    if (this.#isIdle() && this.platform.strikes("evict") && this.evict()) return
    this.resume()
    this.#evictWhenIdle()
  }

  /** Lets go of the database, which nobody works on any more. */
  close(): void {
    this.instance?.die()
    this.instance = null
    this.commits.crash(0)
    giveBack(this.database)
  }

  #mishaps(): void {
    const { platform } = this
    const { delays } = platform.profile
    if (platform.strikes("crash")) {
      platform.loop.after(platform.drawMs(delays.commitMs) * 1.5, () => {
        if (this.instance !== null) this.crash(platform.random.between(0, this.commits.underWay))
      })
    }
    if (platform.strikes("pause")) this.pause(platform.drawMs(delays.pauseMs))
    if (platform.strikes("clockJump")) {
      const [, most] = delays.clockJumpMs
      this.clockOffsetMs = platform.drawMs([-most, most])
      this.alarm.arm()
    }
  }

  #socketStep(work: (instance: Instance) => unknown): void {
    const run = (instance: Instance): void => {
      instance.waitUntil(instance.run(async () => work(instance)))
    }
    this.admit("event", { run, lost: () => {} })
  }

  #run(step: Step): void {
    if (step.instance !== undefined && step.instance !== this.instance) return step.lost()
    const instance = this.instance ?? this.#load()
    if (instance === null) return step.lost()
    // what has to wait for the constructor was not there to be blocked before
    if (step.instance === undefined && this.#isBlocked("event")) {
      this.#waiting.unshift({ admission: "event", step })
      return
    }
    this.platform.noteActive(this)
    step.run(instance)
  }

  #load(): Instance | null {
    this.platform.note(this.name, "is loaded")
    const instance = new Instance(this)
    this.instance = instance
    this.platform.noteActive(this)
    try {
      instance.construct(this.#class, this.#env)
      return instance
    } catch (error) {
      this.platform.fail(this.name, error)
      this.reset("its constructor failed")
      return null
    }
  }

  #isBlocked(admission: Admission): boolean {
    if (this.#pausedUntil > this.platform.loop.now) return true
    const { instance } = this
    if (instance === null || admission === "storage") return false
    return instance.storageWaits > 0 || (admission === "event" && instance.isConstructing)
  }

  #isIdle(): boolean {
    const { instance } = this
    if (instance === null || instance.isPinned || instance.isConstructing || instance.storageWaits > 0) return false
    return this.#waiting.length === 0 && this.commits.isEmpty
  }

  #evictWhenIdle(): void {
    if (this.#looksAgain) return
    this.#looksAgain = true
    this.platform.loop.at(this.#activeAt + IDLE_MS, () => {
      this.#looksAgain = false
      const isOver = this.platform.loop.now >= this.#activeAt + IDLE_MS && (this.instance === null || this.evict())
      if (isOver) return
      this.#activeAt = Math.max(this.#activeAt, this.platform.loop.now - IDLE_MS + 1_000)
      this.#evictWhenIdle()
    })
  }
}
