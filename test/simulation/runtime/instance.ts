import { Host } from "./host.ts"
import { SimStorage, type StorageHost } from "./sim-storage.ts"
import type { Admission, SimObject } from "./sim-object.ts"
import type { SocketEnd } from "./socket-end.ts"
import { SimWebSocket } from "./sim-web-socket.ts"
import type { CommitLog } from "./commit-log.ts"
import type { SimDatabase } from "./sim-database.ts"

/** What the runtime calls of an object's class. */
export interface ObjectTarget {
  alarm?(info: object): unknown
  fetch?(request: Request): unknown
  webSocketMessage?(socket: SimWebSocket, message: string | ArrayBuffer): unknown
  webSocketClose?(socket: SimWebSocket, code: number, reason: string, wasClean: boolean): unknown
}

/** A class of objects. */
export type ObjectClass = new (ctx: never, env: never) => ObjectTarget

/** An object while it is in memory. */
export class Instance extends Host implements StorageHost {
  readonly socketKind = "object"
  readonly database: SimDatabase
  readonly commits: CommitLog
  alarmAt: number | null
  /** Awaits on storage: until they are over, nothing else gets in. */
  storageWaits = 0
  /** The constructor has asked that nothing gets in yet. */
  isConstructing = false
  /** Calls that are under way in it: each is told where it ends without an answer. */
  readonly underWay = new Set<{ readonly lost: () => void }>()
  target!: ObjectTarget
  readonly #object: SimObject
  readonly #sockets = new Map<SocketEnd, SimWebSocket>()

  constructor(object: SimObject) {
    super(object.platform, object.name)
    this.#object = object
    this.database = object.database
    this.commits = object.commits
    this.alarmAt = object.durableAlarmAt
    for (const end of object.sockets) end.belongTo(this)
  }

  get clockOffsetMs(): number {
    return this.#object.clockOffsetMs
  }

  /** Builds the object of the program. */
  construct(create: ObjectClass, env: object): void {
    this.target = this.run(() => new create(this.#context() as never, env as never))
  }

  enter(step: () => void): void {
    this.#admit("continuation", step)
  }

  output(leave: () => void): void {
    if (this.isAlive && !this.commits.hold(leave)) leave()
  }

  settleSoon(): Promise<void> {
    this.storageWaits++
    return new Promise((resolve) => {
      this.platform.loop.after(0, () => {
        this.#admit("storage", () => {
          this.storageWaits--
          resolve()
        })
      })
    })
  }

  resumeWhenDurable(resume: () => void): void {
    // whoever waits for the disk is not idle
    this.pin()
    const enter = (): void =>
      this.enter(() => {
        this.unpin()
        resume()
      })
    if (!this.commits.hold(enter)) this.platform.loop.after(0, enter)
  }

  /** The WebSocket over `end`, as this instance knows it. */
  socketOf(end: SocketEnd): SimWebSocket {
    const known = this.#sockets.get(end) ?? new SimWebSocket(end)
    this.#sockets.set(end, known)
    return known
  }

  /** Keeps it in memory until `work` has ended. */
  waitUntil(work: Promise<unknown>): void {
    this.pin()
    void this.#outlast(work)
  }

  async #outlast(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (this.isAlive) this.platform.fail(this.name, error)
    }
    this.unpin()
    // it may be the last that kept it in memory
    this.platform.noteActive(this.#object)
  }

  #admit(admission: Admission, step: () => void): void {
    if (this.isAlive) this.#object.admit(admission, { instance: this, run: step, lost: () => {} })
  }

  #context(): object {
    return {
      id: { name: this.#object.idName, toString: () => this.#object.id },
      storage: new SimStorage(this),
      waitUntil: (work: Promise<unknown>) => this.waitUntil(work),
      blockConcurrencyWhile: (work: () => Promise<unknown>) => this.#block(work),
      acceptWebSocket: (socket: SimWebSocket) => {
        this.#sockets.set(socket.end, socket)
        this.#object.accept(socket.end)
      },
      getWebSockets: () => [...this.#object.sockets].map((end) => this.socketOf(end)),
      abort: (reason: string) => {
        this.#object.reset(`aborted: ${reason}`)
        throw new Error(reason)
      },
    }
  }

  async #block<T>(work: () => Promise<T>): Promise<T> {
    this.isConstructing = true
    try {
      const result = await work()
      this.isConstructing = false
      this.#object.resume()
      return result
    } catch (error) {
      this.#object.reset("its constructor failed")
      throw error
    }
  }
}
