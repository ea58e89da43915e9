import { CLIENT_PING_AFTER_MS, CLIENT_SILENT_MS } from "../core/limits.ts"
import type { Clock } from "./clock.ts"

/** What follows from a client's silence. */
export interface HeartbeatHost {
  /** The client is to be asked whether it is there. */
  ping(): void
  /** It was silent for too long; said once. */
  silent(): void
}

/** Watches over one client (`[W61]`). One timer, which is not touched when the client says something. */
export class Heartbeat {
  readonly #clock: Clock
  readonly #host: HeartbeatHost
  #heardAt: number
  #callOff: () => void = () => {}

  constructor(clock: Clock, host: HeartbeatHost) {
    this.#clock = clock
    this.#host = host
    this.#heardAt = clock.now()
    this.#wait(CLIENT_PING_AFTER_MS)
  }

  /** The client said something. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  stop(): void {
    this.#callOff()
  }

  #wait(ms: number): void {
    this.#callOff = this.#clock.after(ms, () => this.#look())
  }

  #look(): void {
    const silentMs = this.#clock.now() - this.#heardAt
    if (silentMs >= CLIENT_SILENT_MS) return this.#host.silent()
    if (silentMs < CLIENT_PING_AFTER_MS) return this.#wait(CLIENT_PING_AFTER_MS - silentMs)
    this.#host.ping()
    this.#wait(Math.min(CLIENT_PING_AFTER_MS, CLIENT_SILENT_MS - silentMs))
  }
}
