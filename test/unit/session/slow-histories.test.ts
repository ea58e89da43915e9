import { describe, expect, it } from "vitest"
import { decodeDeliveries } from "../../../src/core/log/delivered.ts"
import { MAX_CREDIT_BYTES } from "../../../src/core/limits.ts"
import { Random } from "../../simulation/random.ts"
import { deliveries, FakeBroker, FakeClient, framesOf } from "./fakes.ts"

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1)
const STEPS = 200
/** Messages that each subscription is to get. */
const MESSAGES = 40
const KIB = 1024
const SIZES = [[10], [10, 30 * KIB], [300 * KIB], [5, 1000 * KIB], [64 * KIB]] as const

/** A subscription as its queue sees it. */
interface Source {
  grantedMessages: number
  grantedBytes: number
  sentMessages: number
  sentBytes: number
}

/** A subscription as its client sees it. */
interface Reader {
  state: "open" | "draining" | "drained" | "ending"
  messages: number
  bytes: number
  credit: number
  creditBytes: number
}

/** A queue that delivers all that it may, and a client that reads, grants, drains and ends as it likes. */
class History {
  readonly readers = new Map<number, Reader>()
  readonly client = new FakeClient(new FakeBroker().queue("jobs"))
  readonly #random: Random
  readonly #sizes: readonly number[]
  readonly #sources = new Map<number, Source>()
  /** Pings that wait for their answer. */
  readonly #pings: number[] = []
  #heard = 0
  #subs = 0

  constructor(random: Random) {
    this.#random = random
    this.#sizes = random.pick(SIZES)
    this.client.answersPings = false
  }

  async step(maxReaders: number): Promise<void> {
    const open = [...this.readers].filter(([, { state }]) => state === "open")
    const dice = this.#random.between(1, 12)
    if (dice <= 2 && this.readers.size < maxReaders) this.#subscribe()
    else if (dice <= 4) this.#pong(this.#random.between(0, this.#pings.length))
    else if (open.length > 0) this.#tell(dice, ...this.#random.pick(open))
    if (this.#random.chance(0.6)) await this.#pass()
  }

  /** The client reads and grants all that it can, until nothing is missing. */
  async end(): Promise<void> {
    for (let round = 0; round < 2000 && this.missing.length > 0; round++) {
      this.#pong(this.#pings.length)
      for (const [sub, reader] of this.readers) this.#refill(sub, reader)
      await this.#pass()
    }
  }

  /** Subscriptions that wait for something. */
  get missing(): number[] {
    const isWaiting = ({ state, messages }: Reader): boolean =>
      state === "open" ? messages < MESSAGES : state !== "drained"
    return [...this.readers].filter(([, reader]) => isWaiting(reader)).map(([sub]) => sub)
  }

  #subscribe(): void {
    const sub = this.#subs++
    const grant = { credit: 5, creditBytes: 1000 }
    this.readers.set(sub, { state: "open", messages: 0, bytes: 0, ...grant })
    this.#say({ type: "subscribe", sub, queue: "jobs", ...grant })
  }

  #tell(dice: number, sub: number, reader: Reader): void {
    if (dice <= 10) return this.#grant(sub, reader)
    reader.state = dice === 11 ? "draining" : "ending"
    this.#say({ type: dice === 11 ? "drain" : "unsubscribe", sub })
  }

  #grant(sub: number, reader: Reader): void {
    reader.credit = Math.max(reader.credit, reader.messages + this.#random.between(1, 50))
    reader.creditBytes = Math.max(reader.creditBytes, reader.bytes + this.#random.pick([1, 100 * KIB, 1024 * KIB]))
    this.#say({ type: "credit", sub, credit: reader.credit, creditBytes: reader.creditBytes })
  }

  /** Grants as much as may be, and no more before half of it is used up: a stall is not to be hidden by asking. */
  #refill(sub: number, reader: Reader): void {
    const isShort = reader.credit < MESSAGES || reader.creditBytes - reader.bytes < MAX_CREDIT_BYTES / 2
    if (reader.state !== "open" || reader.messages === MESSAGES || !isShort) return
    reader.credit = Math.max(reader.credit, MESSAGES)
    reader.creditBytes = reader.bytes + MAX_CREDIT_BYTES
    this.#say({ type: "credit", sub, credit: reader.credit, creditBytes: reader.creditBytes })
  }

  /** The client shows that it has read up to one of the first `count` pings. */
  #pong(count: number): void {
    const id = this.#pings.splice(0, count).at(-1)
    if (id !== undefined) this.#say({ type: "pong", id })
  }

  #say(frame: object): void {
    this.client.session.receive(JSON.stringify(frame))
  }

  async #pass(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0))
    if (this.client.broker.sockets.has("queue/jobs")) this.#serve()
    await Promise.resolve()
    this.#read()
  }

  #serve(): void {
    const socket = this.client.broker.socket("queue/jobs")
    const { operations } = socket
    for (; this.#heard < operations.length; this.#heard++) {
      const operation = operations[this.#heard]!
      if (operation.type === "subscribe-queue") {
        const { sub, grantedMessages, grantedBytes } = operation
        this.#sources.set(sub, { grantedMessages, grantedBytes, sentMessages: 0, sentBytes: 0 })
        socket.say({ type: "subscribed", sub, incarnation: 7, nextOffset: null, consumer: 1 })
      } else if (operation.type === "unsubscribe") {
        this.#sources.delete(operation.sub)
        socket.say({ type: "ended", sub: operation.sub, failure: null })
      } else if (operation.type === "drain") {
        this.#sources.delete(operation.sub)
        socket.say({ type: "drained", sub: operation.sub })
      } else if (operation.type === "credit") {
        Object.assign(this.#sources.get(operation.sub) ?? {}, operation)
      }
    }
    for (const [sub, source] of this.#sources) this.#deliver(sub, source)
  }

  #deliver(sub: number, source: Source): void {
    const mayHave = Math.min(source.grantedMessages, MESSAGES)
    if (source.sentMessages >= mayHave || source.sentBytes >= source.grantedBytes) return
    const blob = deliveries(["x".repeat(this.#random.pick(this.#sizes))])
    source.sentMessages += 1
    source.sentBytes += decodeDeliveries(blob)[0]!.frame.length
    this.client.broker.socket("queue/jobs").say({ type: "deliver", sub }, blob)
  }

  #read(): void {
    for (const { type, id, sub, messages, bytes } of this.client.messages.splice(0).flatMap(framesOf)) {
      if (type === "ping") this.#pings.push(id as number)
      const reader = this.readers.get(sub as number)
      if (type === "deliver") {
        expect(reader).not.toMatchObject({ state: "drained" })
        reader!.messages += (messages as unknown[]).length
        reader!.bytes += bytes as number
        expect(reader!.messages).toBeLessThanOrEqual(reader!.credit)
      } else if (type === "drained") reader!.state = "drained"
      else if (type === "unsubscribed") this.readers.delete(sub as number)
      else expect(type).not.toBe("error")
    }
  }
}

describe("histories of clients that read as they like", () => {
  it.each(SEEDS)("[W60] [W62] [W63] no subscription stalls or is sent too much, seed %i", async (seed) => {
    const random = new Random(seed)
    const history = new History(random)
    const maxReaders = random.pick([1, 2, 5, 40, 200])
    for (let step = 0; step < STEPS; step++) await history.step(maxReaders)
    await history.end()
    expect(history.missing).toEqual([])
    expect(history.client.closedWith).toBeNull()
  })
})
