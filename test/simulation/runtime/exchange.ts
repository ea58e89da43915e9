import type { CallOff } from "./loop.ts"
import type { Platform } from "./platform.ts"
import { SimRequest, type RequestParts } from "./sim-request.ts"
import type { SimResponse } from "./sim-response.ts"
import type { SimWorker } from "./sim-worker.ts"
import { SimWebSocket } from "./sim-web-socket.ts"
import type { SocketEnd } from "./socket-end.ts"

/** An answer as a client gets it. */
export interface Answer {
  readonly status: number
  /** JSON parsed, any other body as text, null for none. */
  readonly body: unknown
  readonly headers: Headers
}

/** What came of an upgrade besides: the client's end of its socket. */
export interface Arrived extends Answer {
  readonly end: SocketEnd | null
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

const utf8 = new TextDecoder()

/** One request of a client and its answer, with what may come between them. */
export class Exchange {
  /** Null where no answer came: whether it was done is unknown. */
  readonly answer: Promise<Arrived | null>
  readonly #platform: Platform
  readonly #gone = new AbortController()
  #resolve!: (answer: Arrived | null) => void
  #reader: Reader | null = null
  #callOffTimeout: CallOff = () => {}
  #isOver = false

  constructor(platform: Platform) {
    this.#platform = platform
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Sends a request to whichever Worker there is when it arrives. */
  start(url: string, parts: RequestParts, worker: () => SimWorker, timeoutMs: number): void {
    const { loop, counts } = this.#platform
    counts.requests++
    const request = new SimRequest(url, { ...parts, signal: this.#gone.signal })
    if (this.#platform.strikes("lostRequest")) return this.#travel(() => this.#end(null))
    this.#travel(() => this.#arrive(request, worker()))
    this.#callOffTimeout = loop.after(timeoutMs, () => this.#leave())
  }

  #arrive(request: SimRequest, worker: SimWorker): void {
    this.#platform.note(worker.name, `${request.method} ${request.url}`)
    if (this.#platform.strikes("endWorker")) {
      worker.die()
      return this.#travel(() => this.#end(null))
    }
    void this.#serve(request, worker)
  }

  async #serve(request: SimRequest, worker: SimWorker): Promise<void> {
    const underWay = { lost: () => this.#travel(() => this.#end(null)) }
    worker.underWay.add(underWay)
    try {
      const arrived = await worker.run(async () => this.#read(await worker.serve(request)))
      if (!worker.isAlive) return arrived.end?.abandon()
      worker.underWay.delete(underWay)
      this.#answered(arrived)
    } catch (error) {
      if (worker.isAlive) this.#platform.fail(worker.name, error)
      underWay.lost()
    }
  }

  #answered(arrived: Arrived): void {
    // until it arrives it belongs to nobody
    arrived.end?.belongTo(null)
    if (this.#platform.strikes("lostAnswer")) {
      arrived.end?.abandon()
      return this.#travel(() => this.#end(null))
    }
    this.#travel(() => {
      if (this.#isOver) arrived.end?.abandon()
      this.#end(arrived)
    })
  }

  async #read(response: SimResponse): Promise<Arrived> {
    const socket = response.webSocket
    const end = socket instanceof SimWebSocket ? socket.end : null
    const text = await this.#text(response)
    // of what a client that has gone did not wait for, the end is missing
    const isJson = !this.#isOver && response.headers.get("content-type")?.includes("json") === true
    const body: unknown = text === "" ? null : isJson ? JSON.parse(text) : text
    return { status: response.status, body, headers: response.headers, end }
  }

  /** Of a stream piece by piece, so that a client can go away in between. */
  async #text({ content }: SimResponse): Promise<string> {
    if (content === null || typeof content === "string") return content ?? ""
    if (content instanceof Uint8Array) return utf8.decode(content)
    const reader: Reader = content.getReader()
    this.#reader = reader
    const decoder = new TextDecoder()
    let text = ""
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      text += decoder.decode(value, { stream: true })
    }
  }

  /** The client gives up, and its Worker hears of it. */
  #leave(): void {
    if (this.#isOver) return
    this.#platform.note("client", "gives up waiting")
    this.#end(null)
    this.#travel(() => {
      this.#gone.abort()
      void this.#reader?.cancel().catch(() => {})
    })
  }

  #end(answer: Arrived | null): void {
    this.#isOver = true
    this.#callOffTimeout()
    this.#resolve(answer)
  }

  #travel(arrive: () => void): void {
    this.#platform.loop.after(this.#platform.travelMs(this.#platform.profile.delays.clientMs), arrive)
  }
}
