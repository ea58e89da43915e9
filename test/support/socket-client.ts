import { once } from "node:events"
import { WebSocket } from "ws"
import { batchesOf, decodeWireMessage } from "../../src/protocol/native/wire-message.ts"
import type { TestBroker } from "./broker.ts"

/** A frame from the broker. */
export type Frame = Readonly<Record<string, unknown>>

/** How long a test waits for a frame before it fails: generous, because a loaded machine is slow and not wrong. */
const PATIENCE_MS = 20_000

/** A client of `GET /v1/connect`, as thin as can be. */
export class SocketClient {
  /** Everything that came and was not taken yet. */
  readonly frames: Frame[] = []
  /** Resolves with the code when the socket has closed, whoever closed it. */
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  readonly #waiting = new Set<() => void>()
  /** Whether the broker's pings are answered, and kept from the test; else they stand among the frames. */
  answersPings = true
  #handle: (frame: Frame) => boolean = () => false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = once(socket, "close").then(([code]) => Number(code))
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      const frames = (isBinary ? binaryFrames(data) : textFrames(data.toString("utf8"))).filter(
        (frame) => !this.#answerPing(frame),
      )
      this.frames.push(...frames.filter((frame) => !this.#handle(frame)))
      for (const wake of this.#waiting) wake()
    })
  }

  /** A client whose socket is open. */
  static async open(broker: Pick<TestBroker, "url" | "token">): Promise<SocketClient> {
    const url = `${broker.url.replace(/^http/, "ws")}/v1/connect`
    const socket = new WebSocket(url, ["millrace.v1"], { headers: { authorization: `Bearer ${broker.token}` } })
    const client = new SocketClient(socket)
    await once(socket, "open")
    return client
  }

  /** Sends each as a message of its own; strings and bytes as they are. */
  send(...messages: readonly (string | Uint8Array | object)[]): void {
    for (const message of messages) {
      const raw = typeof message === "string" || message instanceof Uint8Array
      this.#socket.send(raw ? message : JSON.stringify(message))
    }
  }

  /** Reads nothing that comes until `resume`, so that the broker can't get rid of it. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Has `handle` see every frame, also those that came already; what it answers true to is not kept. */
  handleFrames(handle: (frame: Frame) => boolean): void {
    this.#handle = handle
    this.frames.splice(0, this.frames.length, ...this.frames.filter((frame) => !handle(frame)))
  }

  /** Takes the first frame for which `matches` holds out of those that came or come. */
  async take(matches: (frame: Frame) => boolean): Promise<Frame> {
    const deadlineAt = Date.now() + PATIENCE_MS
    for (;;) {
      const index = this.frames.findIndex(matches)
      if (index !== -1) return this.frames.splice(index, 1)[0]!
      await this.#next(deadlineAt)
    }
  }

  /** Takes the first frame of a type. */
  takeType(type: string): Promise<Frame> {
    return this.take((frame) => frame["type"] === type)
  }

  /** Takes messages or records of a subscription until there are `count`. */
  async collect(sub: number, count: number): Promise<Frame[]> {
    const collected: Frame[] = []
    while (collected.length < count) {
      const frame = await this.take((frame) => frame["type"] === "deliver" && frame["sub"] === sub)
      collected.push(...entriesOf(frame))
    }
    return collected
  }

  /** Messages and records that were delivered and not taken yet. */
  get delivered(): Frame[] {
    return this.frames.filter((frame) => frame["type"] === "deliver").flatMap(entriesOf)
  }

  /** Says goodbye and waits for the broker's; returns the code. */
  async close(code = 1000): Promise<number> {
    this.#socket.close(code)
    return this.closed
  }

  /** Breaks off, as a crash would. */
  terminate(): void {
    this.#socket.terminate()
  }

  #answerPing({ type, id }: Frame): boolean {
    if (type !== "ping" || !this.answersPings) return false
    this.send({ type: "pong", id })
    return true
  }

  async #next(deadlineAt: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    const timer = setTimeout(
      () => reject(new Error(`nothing came; there is ${JSON.stringify(this.frames).slice(0, 2000)}`)),
      Math.max(0, deadlineAt - Date.now()),
    )
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(resolve)
    }
  }
}

function textFrames(text: string): Frame[] {
  const message = JSON.parse(text) as Frame | Frame[]
  return Array.isArray(message) ? message : [message]
}

/** With the bytes of its batch in each frame that has one. */
function binaryFrames(data: Buffer): Frame[] {
  const { json, batches } = decodeWireMessage(new Uint8Array(data))
  const frames = textFrames(json)
  const found = batchesOf(frames, batches)
  return frames.map((frame, index) => (found[index] === null ? frame : { ...frame, batch: found[index] }))
}

function entriesOf(frame: Frame): Frame[] {
  return (frame["messages"] ?? frame["records"]) as Frame[]
}
