import { AsyncLocalStorage } from "node:async_hooks"
import type { Platform } from "./platform.ts"
import type { SocketEnd, SocketKind } from "./socket-end.ts"

/** Where code runs, and ends with: a Worker, or an object while it is in memory. Clients have none. */
export abstract class Host {
  readonly platform: Platform
  readonly name: string
  isAlive = true
  /** Sockets of which it holds an end. */
  readonly ends = new Set<SocketEnd>()
  #pins = 0

  constructor(platform: Platform, name: string) {
    this.platform = platform
    this.name = name
  }

  /** What the sockets that it makes connect it to. */
  abstract readonly socketKind: SocketKind
  /** By how much its clock is off. */
  abstract readonly clockOffsetMs: number
  /** Goes on with something that it had waited for. */
  abstract enter(step: () => void): void
  /** Lets something leave, as soon as it may. */
  abstract output(leave: () => void): void

  /** Runs `work`, and all that follows from it, as this host's. */
  run<T>(work: () => T): T {
    return current.run(this, work)
  }

  /** Something is under way that it can't be evicted during. */
  pin(): void {
    this.#pins++
  }

  unpin(): void {
    this.#pins--
  }

  get isPinned(): boolean {
    return this.#pins > 0
  }

  /** It is gone: nothing of it goes on, and its sockets break. */
  die(): void {
    this.isAlive = false
    for (const end of this.ends) end.abandon()
    this.ends.clear()
  }
}

const current = new AsyncLocalStorage<Host>()

/** Whose code is running; null for a client's. */
export function currentHost(): Host | null {
  return current.getStore() ?? null
}
