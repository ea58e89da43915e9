import type { Channel, Connection } from "../connection.ts"
import { errorOf, type MillraceError } from "../errors.ts"
import type { OutFrame, ServerFrame } from "../frames.ts"
import { quietTimeout } from "../timers.ts"
import { backoffMs } from "./backoff.ts"
import { MAX_CREDIT_BYTES } from "./limits.ts"
import { Wakeup } from "./wakeup.ts"

/** What of a connection subscriptions need. */
export type SubscribedConnection = Pick<Connection, "open" | "say" | "release" | "closing">

/** What a delivery takes of the credit until it is released. */
export interface Taken {
  readonly count: number
  readonly bytes: number
}

/** Who listens to a subscription. */
export interface Subscriber {
  /** What `subscribe` says besides its number and its credit; asked anew for every try. */
  target(): Readonly<Record<string, unknown>>
  /** It has begun, also after a break. */
  begun(frame: ServerFrame): void
  /** Something came. Counts what of it waits, in no more bytes than the broker counts. */
  delivered(frame: ServerFrame, batch: Uint8Array): Taken
  /** The broker ended it, or never began it. Whether to try again. */
  ended(error: MillraceError): boolean
  /** It will not come back: it was not to be tried again, or the client is over. */
  failed(error: MillraceError): void
}

/** What a subscription may hold. */
export interface Room {
  /** Messages or records. */
  readonly prefetch: number
  /** What of them waits, up to MAX_CREDIT_BYTES and that where it is left out; may be overdrawn by one message. */
  readonly maxBytes?: number
}

/** A subscription, begun again whenever it breaks; it holds as many as `prefetch` says, and bounded bytes. */
export class Subscription implements Channel {
  readonly #connection: SubscribedConnection
  readonly #subscriber: Subscriber
  readonly #changed = new Wakeup()
  readonly #maxBytes: number
  #prefetch: number
  #sub = -1
  #isSaid = false
  #state: "open" | "drained" | "ending" | "over" = "open"
  #granted = 0
  #delivered = 0
  #grantedBytes = 0
  #deliveredBytes = 0
  #held = 0
  #heldBytes = 0
  #isRenewing = false
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(connection: SubscribedConnection, subscriber: Subscriber, room: Room) {
    const { prefetch, maxBytes = MAX_CREDIT_BYTES } = room
    this.#connection = connection
    this.#subscriber = subscriber
    this.#prefetch = prefetch
    this.#maxBytes = maxBytes
  }

  /** Begins it; not to be called before the subscriber can answer. */
  open(): void {
    if (this.#state === "over") return
    this.#sub = this.#connection.open(this)
  }

  /** Whether the broker knows of it, as far as can be known. */
  get isSaid(): boolean {
    return this.#isSaid
  }

  set prefetch(prefetch: number) {
    this.#prefetch = prefetch
    this.#renewSoon()
  }

  begin(sub: number): OutFrame {
    this.#sub = sub
    this.#isSaid = true
    this.#delivered = this.#deliveredBytes = 0
    this.#granted = this.#state === "open" ? Math.max(0, this.#prefetch - this.#held) : 0
    this.#grantedBytes = Math.max(0, this.#maxBytes - this.#heldBytes)
    return { type: "subscribe", sub, ...this.#subscriber.target(), ...this.#credit, binary: true }
  }

  received(frame: ServerFrame, batch: Uint8Array | null): void {
    if (frame.type === "subscribed") {
      this.#failures = 0
      this.#subscriber.begun(frame)
    } else if (frame.type === "deliver") this.#received(frame, batch!)
    else if (frame.type === "drained") this.#changed.wake()
    else if (frame.type === "unsubscribed" || frame.type === "error") this.#ended(frame["problem"])
  }

  interrupted(): void {
    this.#isSaid = false
    if (this.#state === "ending") this.#over()
    this.#changed.wake()
  }

  closed(error: MillraceError): void {
    const wasOver = this.#state === "over"
    this.#over()
    if (!wasOver) this.#subscriber.failed(error)
  }

  /** So much is worked on or done, and makes room. */
  release(count: number, bytes: number): void {
    this.#held -= count
    this.#heldBytes -= bytes
    this.#renewSoon()
  }

  /** What was delivered stays, and nothing more comes once this resolves. */
  async drain(): Promise<void> {
    if (this.#state !== "open") return
    this.#state = "drained"
    if (!this.#isSaid) return
    this.#connection.say({ type: "drain", sub: this.#sub })
    await this.#changed.wait()
  }

  /** Ends it; what is still leased goes back. Resolves when the broker has done so. */
  async end(): Promise<void> {
    if (!this.#isSaid) return this.#over()
    if (this.#state !== "ending") this.#connection.say({ type: "unsubscribe", sub: this.#sub })
    this.#state = "ending"
    while (this.#isSaid) await this.#changed.wait()
  }

  get #credit() {
    return { credit: this.#granted, creditBytes: this.#grantedBytes }
  }

  #received(frame: ServerFrame, batch: Uint8Array): void {
    const { count, bytes } = this.#subscriber.delivered(frame, batch)
    this.#held += count
    this.#heldBytes += bytes
    this.#delivered += count
    this.#deliveredBytes += frame["bytes"] as number
  }

  #ended(problem: unknown): void {
    const wasEnding = this.#state === "ending" || this.#state === "over"
    this.#isSaid = false
    // a new number with every try: what is still said of this one means nothing
    this.#connection.release(this.#sub)
    this.#changed.wake()
    if (wasEnding) return this.#over()
    const error = errorOf(problem)
    if (this.#subscriber.ended(error)) return this.#openLater()
    this.#over()
    this.#subscriber.failed(error)
  }

  #openLater(): void {
    this.#timer = quietTimeout(() => this.open(), backoffMs(this.#failures++))
  }

  #over(): void {
    clearTimeout(this.#timer)
    this.#state = "over"
    this.#isSaid = false
    this.#connection.release(this.#sub)
    this.#changed.wake()
  }

  /** Behind what else happens in this turn. */
  #renewSoon(): void {
    if (this.#isRenewing) return
    this.#isRenewing = true
    queueMicrotask(() => {
      this.#isRenewing = false
      if (this.#isSaid && this.#state === "open") this.#renew()
    })
  }

  /** Grants when half was used, or all of it and nothing waits. */
  #renew(): void {
    const wanted = this.#delivered + this.#prefetch - this.#held
    const wantedBytes = this.#deliveredBytes + this.#maxBytes - this.#heldBytes
    const more = wanted - this.#granted
    const isUsedUp = more > 0 && this.#granted === this.#delivered && this.#heldBytes === 0
    const isHalf = more > 0 && more >= this.#prefetch / 2
    if (!isUsedUp && !isHalf && wantedBytes - this.#grantedBytes < this.#maxBytes / 2) return
    this.#granted = Math.max(this.#granted, wanted)
    this.#grantedBytes = Math.max(this.#grantedBytes, wantedBytes)
    this.#connection.say({ type: "credit", sub: this.#sub, ...this.#credit })
  }
}
