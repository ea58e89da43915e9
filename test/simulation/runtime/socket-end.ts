import type { Host } from "./host.ts"
import type { Platform } from "./platform.ts"
import type { RangeMs } from "./profile.ts"

export type SocketData = string | ArrayBuffer

type Item = { readonly data: SocketData } | { readonly code: number; readonly reason: string } | "broken"

/** Whoever hears what comes to an end. */
export interface Receiver {
  message(data: SocketData): void
  closed(code: number, reason: string, wasClean: boolean): void
}

/** What a socket connects: a client and a Worker, or a Worker and an object. */
export type SocketKind = "client" | "object"

const NO_STATUS = 1005
const ABNORMAL = 1006
/** How often an end notices late that its socket is cut. */
const LATE_NOTICE = 0.25

/** Two ends and the network between them. */
class Connection {
  readonly platform: Platform
  readonly kind: SocketKind
  isCut = false

  constructor(platform: Platform, kind: SocketKind) {
    this.platform = platform
    this.kind = kind
  }

  get delayMs(): RangeMs {
    const { clientMs, objectMs } = this.platform.profile.delays
    return this.kind === "client" ? clientMs : objectMs
  }
}

/** One end of a socket, whoever holds it. What it sends comes in order, or not at all once the socket is cut. */
export class SocketEnd {
  readonly #connection: Connection
  #peer!: SocketEnd
  #host: Host | null = null
  #receiver: Receiver | null = null
  /** What came before anybody wanted it. */
  #waiting: Item[] = []
  #lastArrivalAt = 0
  #sentClose = false
  #gotClose = false
  #isBroken = false
  /** What a hibernating socket keeps. */
  attachment: Uint8Array | null = null

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static pair(platform: Platform, kind: SocketKind): readonly [SocketEnd, SocketEnd] {
    const connection = new Connection(platform, kind)
    const [one, other] = [new SocketEnd(connection), new SocketEnd(connection)]
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  get kind(): SocketKind {
    return this.#connection.kind
  }

  /** As of a WebSocket: 1 open, 2 closing, 3 closed. */
  get readyState(): 1 | 2 | 3 {
    if (this.#isBroken || (this.#sentClose && this.#gotClose)) return 3
    return this.#sentClose || this.#gotClose ? 2 : 1
  }

  /** From now on it is `host`'s; null for a client's. */
  belongTo(host: Host | null): void {
    this.#host?.ends.delete(this)
    this.#host = host
    host?.ends.add(this)
  }

  /** Has `receiver` hear what comes and what came. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver
    if (this.#waiting.length > 0) this.#connection.platform.loop.after(0, () => this.#catchUp())
  }

  /** Nobody hears what comes, until somebody does. */
  pause(): void {
    this.#receiver = null
  }

  send(data: SocketData): void {
    if (this.#sentClose) throw new TypeError("Can't call WebSocket send() after close().")
    this.#output({ data })
  }

  close(code?: number, reason = ""): void {
    if (this.#sentClose || this.#isBroken) return
    this.#sentClose = true
    this.#output({ code: code ?? NO_STATUS, reason })
  }

  /** The network breaks: what is under way is lost, and both ends hear of it, sooner or later. */
  cut(): void {
    const connection = this.#connection
    if (connection.isCut) return
    connection.isCut = true
    connection.platform.note(`${this.kind} socket`, "is cut")
    const { loop, profile, random } = connection.platform
    for (const end of [this, this.#peer]) {
      // an end that has nothing to send is the last to notice
      const lateMs = random.chance(LATE_NOTICE) ? connection.platform.drawMs(profile.delays.slowMs) : 0
      loop.after(connection.platform.travelMs(connection.delayMs) + lateMs, () => end.#deliver("broken"))
    }
  }

  /** Its holder is gone: the other end gets what was sent, and then hears of it. */
  abandon(): void {
    this.#isBroken = true
    this.#receiver = null
    this.#waiting = []
    this.#travel("broken")
  }

  #output(item: Item): void {
    if (this.#host === null) this.#leave(item)
    else this.#host.output(() => this.#leave(item))
  }

  #leave(item: Item): void {
    const { platform, kind } = this.#connection
    if (platform.strikes(kind === "client" ? "cutClientSocket" : "cutObjectSocket")) return this.cut()
    this.#travel(item)
  }

  #travel(item: Item): void {
    const connection = this.#connection
    const { platform } = connection
    if (connection.isCut) return
    platform.counts.messages++
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, platform.loop.now + platform.travelMs(connection.delayMs))
    platform.loop.at(this.#lastArrivalAt, () => {
      if (!connection.isCut) this.#peer.#deliver(item)
    })
  }

  #deliver(item: Item): void {
    if (this.#isBroken) return
    if (this.#receiver === null || this.#waiting.length > 0) this.#waiting.push(item)
    else this.#hand(item, this.#receiver)
  }

  /** Hands over what came before anybody wanted it. */
  #catchUp(): void {
    while (this.#receiver !== null && !this.#isBroken) {
      const item = this.#waiting.shift()
      if (item === undefined) return
      this.#hand(item, this.#receiver)
    }
  }

  #hand(item: Item, receiver: Receiver): void {
    if (item === "broken") {
      this.#isBroken = true
      if (!this.#gotClose) receiver.closed(ABNORMAL, "", false)
    } else if ("data" in item) {
      receiver.message(item.data)
    } else {
      this.#gotClose = true
      receiver.closed(item.code, item.reason, true)
    }
  }
}
