import type { SimSocket } from "../runtime/sim-socket.ts"
import type { Arrived, Socket } from "./scene.ts"

/** A client's socket whose frames are taken one by one; the broker's pings are answered as they come. */
export class ClientSocket implements Socket {
  readonly #socket: SimSocket
  readonly #now: () => number
  readonly #arrived: Arrived[] = []
  #wake: (() => void) | null = null
  #endedAt: number | null = null

  constructor(socket: SimSocket, now: () => number) {
    this.#socket = socket
    this.#now = now
    socket.onFrames((frames) => {
      for (const frame of frames) {
        if (frame["type"] === "ping") this.send({ type: "pong", id: frame["id"] })
        else this.#arrived.push({ frame, at: now() })
      }
      this.#wake?.()
    })
    void socket.closed.then(() => this.#end())
  }

  get endedAt(): number | null {
    return this.#endedAt
  }

  send(frame: object): void {
    this.#socket.send(frame)
  }

  async receive(timeoutMs: number): Promise<Arrived | null> {
    if (this.#arrived.length === 0 && this.#endedAt === null) await this.#news(timeoutMs)
    return this.#arrived.shift() ?? null
  }

  async sleep(ms: number): Promise<void> {
    this.#socket.pause()
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.#socket.resume()
  }

  close(): void {
    this.#end()
    this.#socket.close(1000)
  }

  cut(): void {
    this.#end()
    this.#socket.cut()
  }

  #end(): void {
    this.#endedAt ??= this.#now()
    this.#wake?.()
  }

  async #news(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    this.#wake = resolve
    await promise
    clearTimeout(timer)
    this.#wake = null
  }
}
