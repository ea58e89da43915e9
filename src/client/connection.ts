import { type Address, addressOf, isTurnedAway } from "./address.ts"
import { Calls, type CallOptions } from "./calls.ts"
import { abortedError, closedError, isMillraceError, MillraceError } from "./errors.ts"
import type { OutFrame, ServerFrame } from "./frames.ts"
import { Link } from "./link.ts"
import type { ConnectionOptions, ConnectionState } from "./options.ts"
import { sleep } from "./timers.ts"
import { type WebSocketConstructor, webSocketClass } from "./web-socket.ts"

/** Something that lives on one number of a socket: a subscription or a member. */
export interface Channel {
  /** The frame that begins it; asked at first and after every reconnect. */
  begin(sub: number): OutFrame
  /** A frame about this number; `batch` is there where the frame says so. */
  received(frame: ServerFrame, batch: Uint8Array | null): void
  /** The socket broke: what the broker said of this number no longer holds; `begin` is asked again when it is back. */
  interrupted(): void
  /** The client was closed or can't come back. */
  closed(error: MillraceError): void
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000
const FIRST_PAUSE_MS = 50
const LAST_PAUSE_MS = 10_000
/** How long the broker's goodbye is waited for. */
const GOODBYE_MS = 2_000

/** One socket to a broker, opened again whenever it breaks. */
export class Connection {
  /** What is to be done first when a client is closed: consumers stop. */
  readonly beforeClose = new Set<() => Promise<unknown>>()
  /** What is to be done then, as handlers may have sent until the end: producers flush. */
  readonly beforeGoodbye = new Set<() => Promise<unknown>>()
  readonly #options: ConnectionOptions
  readonly #address: Address
  readonly #socketClass: WebSocketConstructor
  readonly #over = new AbortController()
  readonly #channels = new Map<number, Channel>()
  readonly #calls = new Calls((text, batch) => this.#link?.say(text, batch))
  #link: Link | null = null
  #nextSub = 0
  #sockets = 0
  /** Tries since the broker was heard last. */
  #failures = 0
  /** The last socket that opened, and its end. */
  #last: { readonly link: Link; readonly ended: Promise<void> } | null = null

  private constructor(options: ConnectionOptions, socketClass: WebSocketConstructor) {
    this.#options = options
    this.#address = addressOf(options)
    this.#socketClass = socketClass
  }

  /** Connects. Rejects with `unauthorized`, with `unavailable` where nobody answered in time, or with `aborted`. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options, await webSocketClass(options.webSocket))
    const { signal, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options
    const abort = (): void => connection.#fail(abortedError(signal!))
    if (signal?.aborted) abort()
    signal?.addEventListener("abort", abort)
    connection.closing.addEventListener("abort", () => signal?.removeEventListener("abort", abort))
    await connection.#connect(connectTimeoutMs)
    return connection
  }

  /** Aborted when the connection is over, with a MillraceError for its reason. */
  get closing(): AbortSignal {
    return this.#over.signal
  }

  /** Number of the socket that is there, or comes next: what was said on an earlier one may still arrive. */
  get sockets(): number {
    return this.#link ? this.#sockets : this.#sockets + 1
  }

  /**
   * Says `frame` with a ref and resolves with its answer. It is said again after a reconnect until it is answered, in
   * its order among the others, and then is the same to the letter. Rejects with MillraceError for an `error` answer;
   * `aborted` says nothing about whether it was carried out.
   */
  call(frame: OutFrame, options: CallOptions = {}): Promise<ServerFrame> {
    if (this.closing.aborted) return Promise.reject(this.closing.reason as MillraceError)
    return this.#calls.call(frame, options)
  }

  /** Begins a channel; returns its number. Where the socket is there, `begin` is asked before this returns. */
  open(channel: Channel): number {
    const sub = this.#nextSub++
    if (this.closing.aborted) {
      queueMicrotask(() => channel.closed(this.closing.reason as MillraceError))
      return sub
    }
    this.#channels.set(sub, channel)
    this.#link?.say(JSON.stringify(channel.begin(sub)))
    return sub
  }

  /** Says something about a channel's number now; dropped while there is no socket (`begin` restates it). */
  say(frame: OutFrame): void {
    this.#link?.say(JSON.stringify(frame))
  }

  /** The channel is over: it hears nothing more. */
  release(sub: number): void {
    this.#channels.delete(sub)
  }

  /** Says goodbye. What is unanswered rejects with `closed`. */
  async close(): Promise<void> {
    this.#fail(closedError())
    if (this.#last === null) return
    const { link, ended } = this.#last
    const late = setTimeout(() => link.drop(), GOODBYE_MS)
    await ended
    clearTimeout(late)
  }

  async #connect(timeoutMs: number): Promise<void> {
    let lastError: unknown
    const late = setTimeout(() => {
      const detail = `There was no connection to ${this.#address.socketUrl} within ${timeoutMs} ms.`
      this.#fail(new MillraceError("unavailable", detail, { cause: lastError }))
    }, timeoutMs)
    try {
      await new Promise<void>((resolve, reject) => {
        this.closing.addEventListener("abort", () => reject(this.closing.reason as MillraceError))
        if (this.closing.aborted) return reject(this.closing.reason as MillraceError)
        void this.#keepOpen(resolve, (error) => (lastError = error))
      })
    } finally {
      clearTimeout(late)
    }
  }

  /** Opens socket after socket until the connection is over. */
  async #keepOpen(onOpen: () => void, onError: (error: unknown) => void): Promise<void> {
    while (!this.closing.aborted) {
      try {
        const isOpened = await this.#useSocket(onOpen)
        if (!isOpened && !this.closing.aborted && (await isTurnedAway(this.#address)))
          throw new MillraceError("unauthorized", "The broker does not take the token.")
      } catch (error) {
        onError(error)
        // a token that is asked for anew may be a better one, but whoever connects wants to know
        const isLast = this.#sockets === 0 || typeof this.#options.token === "string"
        if (isLast && isMillraceError(error, "unauthorized")) this.#fail(error)
      }
      // full jitter, so that clients that lost one broker don't come back as one
      const ceilingMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++)
      await sleep(Math.random() * ceilingMs, this.closing)
    }
  }

  /** One socket from beginning to end; answers whether it opened. */
  async #useSocket(onOpen: () => void): Promise<boolean> {
    const protocols = await this.#address.protocols()
    if (this.closing.aborted) return false
    let end: () => void
    const ended = new Promise<void>((resolve) => (end = resolve))
    const link = new Link(new this.#socketClass(this.#address.socketUrl, protocols), {
      received: (frame, batch) => this.#received(frame, batch),
      ended: () => {
        if (this.#link === link) this.#interrupt()
        end()
      },
    })
    const giveUp = (): void => link.drop()
    const late = setTimeout(giveUp, this.#options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS)
    this.closing.addEventListener("abort", giveUp)
    const isOpen = await link.opened
    clearTimeout(late)
    this.closing.removeEventListener("abort", giveUp)
    if (!isOpen) return false
    this.#last = { link, ended }
    this.#begin(link)
    onOpen()
    await ended
    return true
  }

  #begin(link: Link): void {
    this.#link = link
    this.#sockets++
    for (const [sub, channel] of this.#channels) link.say(JSON.stringify(channel.begin(sub)))
    this.#calls.sayAll()
    this.#tell("connected")
  }

  #interrupt(): void {
    this.#link = null
    this.#calls.interrupted()
    for (const channel of this.#channels.values()) channel.interrupted()
    if (!this.closing.aborted) this.#tell("reconnecting")
  }

  #received(frame: ServerFrame, batch: Uint8Array | null): void {
    this.#failures = 0
    if (typeof frame["ref"] === "number") this.#calls.answered(frame["ref"], frame)
    else if (typeof frame["sub"] === "number") this.#channels.get(frame["sub"])?.received(frame, batch)
  }

  /** In a turn of its own: what the caller's function throws is the caller's. */
  #tell(state: ConnectionState): void {
    const { onStateChange } = this.#options
    if (onStateChange) queueMicrotask(() => onStateChange(state))
  }

  #fail(error: MillraceError): void {
    if (this.closing.aborted) return
    this.#over.abort(error)
    const link = this.#link
    this.#link = null
    link?.close()
    this.#calls.close(error)
    for (const channel of this.#channels.values()) channel.closed(error)
    this.#channels.clear()
    this.#tell("closed")
  }
}
