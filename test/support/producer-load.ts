import { setImmediate as turn } from "node:timers/promises"
import type { Frame, SocketClient } from "./socket-client.ts"

/** As many publishes as the broker remembers with their ids. */
const MAX_UNANSWERED = 5
const LARGEST = 20

/** Where a producer publishes to, as its frames say it. */
export type ProducerTarget =
  | { readonly queue: string }
  | { readonly topic: string; readonly partition: number; readonly partitions: number }

interface Publish {
  readonly ref: number
  readonly sequence: number
  readonly count: number
}

/** A producer on a socket that breaks again and again: it says again what had no answer, and numbers its bodies. */
export class ProducerLoad {
  /** What each body is stored as, by its number. */
  readonly stored: (string | number)[] = []
  /** Answers that a producer must never get. */
  readonly wrong: unknown[] = []
  /** Messages of which it was told that they had been stored before. */
  repeated = 0
  readonly #connect: () => Promise<SocketClient>
  readonly #target: ProducerTarget
  readonly #producer: { readonly id: number; readonly epoch: number }
  readonly #unanswered: Publish[] = []
  #publishes = 0
  #next = 0

  constructor(
    connect: () => Promise<SocketClient>,
    target: ProducerTarget,
    producer: { readonly id: number; readonly epoch: number },
  ) {
    this.#connect = connect
    this.#target = target
    this.#producer = producer
  }

  /** Bodies that were published. */
  get published(): number {
    return this.#next
  }

  /** Works on a socket of its own until so many `answers` came, and breaks it some `turns` later, with all it may have unanswered. */
  async workAndBreak(answers: number, turns: number, breakOff: (client: SocketClient) => Promise<void>): Promise<void> {
    const client = await this.#open()
    this.#fill(client)
    for (let count = 0; count < answers; count++) {
      await this.#takeAnswer(client)
      this.#fill(client)
    }
    for (let count = 0; count < turns; count++) await turn()
    await breakOff(client)
  }

  /** Waits for the answers that are missing. */
  async finish(): Promise<void> {
    const client = await this.#open()
    while (this.#unanswered.length > 0) await this.#takeAnswer(client)
    await client.close()
  }

  async #open(): Promise<SocketClient> {
    const client = await this.#connect()
    for (const publish of this.#unanswered) client.send(this.#frameOf(publish))
    return client
  }

  #fill(client: SocketClient): void {
    while (this.#unanswered.length < MAX_UNANSWERED) {
      const ref = ++this.#publishes
      const publish = { ref, sequence: this.#next, count: 1 + ((ref * 7) % LARGEST) }
      this.#next += publish.count
      this.#unanswered.push(publish)
      client.send(this.#frameOf(publish))
    }
  }

  #frameOf({ ref, sequence, count }: Publish): object {
    const entries = Array.from({ length: count }, (_, nth) => ({ body: sequence + nth }))
    const content = "queue" in this.#target ? { messages: entries } : { records: entries }
    return { type: "publish", ref, ...this.#target, ...content, producer: { ...this.#producer, sequence } }
  }

  async #takeAnswer(client: SocketClient): Promise<void> {
    const [{ ref, sequence, count }] = this.#unanswered as [Publish]
    const answer = await client.take((frame) => frame["ref"] === ref)
    const results = (answer["results"] ?? []) as readonly Frame[]
    const ids = results.map((result) => (result["id"] ?? result["offset"]) as string | number | null | undefined)
    const known = this.stored.slice(sequence, sequence + count)
    if (
      ids.length !== count ||
      ids.some((id, nth) => typeof id !== typeof ids[0] || (nth < known.length && known[nth] !== id))
    ) {
      this.wrong.push(answer)
    }
    this.repeated += results.filter((result) => result["repeated"] === true).length
    for (const [nth, id] of ids.entries()) this.stored[sequence + nth] = id as string | number
    this.#unanswered.shift()
  }
}
