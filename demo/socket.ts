import { once } from "node:events"
import { WebSocket } from "ws"
import type { Connection, Outcome } from "./client.ts"
import type { MessageDelivery, RecordDelivery, ServerFrame, Settled } from "./frames.ts"

type Delivery = MessageDelivery | RecordDelivery
/** Called with one of the broker's frames at a time, in order. */
type Deliver<T extends Delivery> = (delivery: T) => void

interface Waiter {
  resolve(results: never): void
  reject(error: Error): void
}

/** A client's socket (`millrace.v1`). Anything unexpected on it rejects `failed` and whatever waits for an answer. */
export class DemoSocket {
  /** Never resolves. Silent after `close` or `terminate`. */
  readonly failed: Promise<never>
  readonly #socket: WebSocket
  readonly #waiters = new Map<number, Waiter>()
  readonly #subscriptions = new Map<number, (delivery: never) => void>()
  #nextNumber = 1
  #leaving = false
  #fail: (error: Error) => void = () => {}

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.failed = new Promise<never>((_, reject) => (this.#fail = reject))
    this.failed.catch(() => {})
    socket.on("message", (data) => this.#receiveAll((data as Buffer).toString("utf8")))
    socket.on("error", (error) => this.#break(error))
    socket.on("close", (code, reason) =>
      this.#break(new Error(`the broker closed a socket: ${code} ${reason.toString("utf8")}`)),
    )
  }

  /** Opens a socket; it ends with the connection's signal. */
  static async open({ url, token, signal }: Connection): Promise<DemoSocket> {
    const headers = { authorization: `Bearer ${token}` }
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/connect`, "millrace.v1", { headers })
    await once(socket, "open", { signal })
    const opened = new DemoSocket(socket)
    signal.addEventListener("abort", () => opened.#break(new Error("aborted")), { once: true })
    return opened
  }

  /** Sends messages to a queue; resolves when they are stored. */
  publish(queue: string, messages: readonly unknown[]): Promise<readonly Outcome<{ readonly id: string }>[]> {
    return this.#ask((ref) => ({ type: "publish", ref, queue, messages }))
  }

  /** Begins deliveries of up to `credit` messages; returns the subscription's number. */
  subscribeQueue(queue: string, credit: number, deliver: Deliver<MessageDelivery>): number {
    return this.#subscribe({ queue, credit }, deliver)
  }

  /** Begins deliveries of up to `credit` records from `from` on; returns the subscription's number. */
  subscribePartition(
    topic: string,
    at: { partition: number; from: "earliest" | number },
    credit: number,
    deliver: Deliver<RecordDelivery>,
  ): number {
    return this.#subscribe({ topic, ...at, credit }, deliver)
  }

  /** Allows `total` messages since the subscription began. */
  grant(sub: number, total: number): void {
    this.#send({ type: "credit", sub, credit: total })
  }

  /** Resolves when the acknowledgements are stored. */
  ack(sub: number, receipts: readonly string[]): Promise<readonly Settled[]> {
    return this.#ask((ref) => ({ type: "ack", ref, sub, receipts }))
  }

  /** Gives messages back, each for the same reason. */
  nack(sub: number, receipts: readonly string[], error: string): Promise<readonly Settled[]> {
    return this.#ask((ref) => ({ type: "nack", ref, sub, entries: receipts.map((receipt) => ({ receipt, error })) }))
  }

  /** Says goodbye: what the socket still holds goes back at once. */
  close(): void {
    this.#leaving = true
    this.#socket.close(1000)
  }

  /** Cuts the connection without a word, as a crash does. */
  terminate(): void {
    this.#leaving = true
    this.#socket.terminate()
  }

  #subscribe(target: object, deliver: (delivery: never) => void): number {
    const sub = this.#nextNumber++
    this.#subscriptions.set(sub, deliver)
    this.#send({ type: "subscribe", sub, ...target })
    return sub
  }

  #ask<T>(frame: (ref: number) => object): Promise<T> {
    const ref = this.#nextNumber++
    const answer = new Promise<T>((resolve, reject) => this.#waiters.set(ref, { resolve, reject }))
    this.#send(frame(ref))
    return answer
  }

  #send(frame: object): void {
    this.#socket.send(JSON.stringify(frame))
  }

  /** One text carries a frame or an array of them. */
  #receiveAll(text: string): void {
    const frames = JSON.parse(text) as ServerFrame | readonly ServerFrame[]
    for (const frame of [frames].flat()) this.#receive(frame)
  }

  #receive(frame: ServerFrame): void {
    if (this.#leaving) return
    switch (frame.type) {
      case "confirm":
      case "settled":
        this.#waiters.get(frame.ref)?.resolve(frame.results as never)
        this.#waiters.delete(frame.ref)
        return
      case "deliver":
        this.#subscriptions.get(frame.sub)?.(frame as never)
        return
      case "error":
      case "unsubscribed":
        this.#break(new Error(`the broker says ${JSON.stringify(frame)}`))
        return
      case "subscribed":
      case "pong":
        return
    }
  }

  #break(error: Error): void {
    if (!this.#leaving) this.#fail(error)
    this.terminate()
    for (const waiter of this.#waiters.values()) waiter.reject(error)
    this.#waiters.clear()
  }
}
