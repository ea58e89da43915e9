import type { TestBroker } from "./broker.ts"
import { ask } from "./load.ts"

const BATCH = 5
const RETRY_MS = 50
/** Enough for a row of its own now and then, so that there is something to compact. */
const FILLER = "x".repeat(1_000)

interface Appended {
  readonly records: readonly {
    readonly partition?: number
    readonly offset?: number | null
    readonly problem?: object
  }[]
}

/** What is known of a key: the value that was acknowledged last, and what may have been stored after it. */
export interface KnownKey {
  sure: string | null
  maybe: (string | null)[]
}

/** What a load on topics knows. */
export interface TopicHistory {
  /** Records of each producer in each partition, by `producer/partition`: all of them were answered. */
  readonly produced: Map<string, number>
  /** Where they were said to be, by `partition/offset`. */
  readonly places: Map<string, string>
  /** By topic, then by key. */
  readonly keys: Map<string, Map<string, KnownKey>>
  /** Answers that a producer must never get. */
  readonly refused: unknown[]
  /** Records with a key whose append was confirmed. */
  confirmed: number
  unanswered: number
}

export function emptyTopicHistory(): TopicHistory {
  return { produced: new Map(), places: new Map(), keys: new Map(), refused: [], confirmed: 0, unanswered: 0 }
}

/** A broker under producers that repeat what was not answered, and under writers that do not. */
export class TopicLoad {
  readonly #broker: TestBroker
  readonly #history: TopicHistory
  readonly #signal: AbortSignal

  constructor(broker: TestBroker, history: TopicHistory, signal: AbortSignal) {
    this.#broker = broker
    this.#history = history
    this.#signal = signal
  }

  /** Produces to all `partitions` of `topic` under a name until the signal; then ends what it began. */
  async produce(topic: string, name: string, partitions: number): Promise<void> {
    const { producerId: id, epoch } = (await this.#until200("POST", "/v1/producers", { name })) as {
      readonly producerId: number
      readonly epoch: number
    }
    for (let round = 0; !this.#signal.aborted; round++) {
      const partition = round % partitions
      const known = `${name}/${partition}`
      const sequence = this.#history.produced.get(known) ?? 0
      const bodies = Array.from({ length: BATCH }, (_, index) => `${name}:${sequence + index}`)
      const records = bodies.map((body) => ({ partition, body }))
      const body = { records, producer: { id, epoch, sequence } }
      const answer = (await this.#until200("POST", `/v1/topics/${topic}/records`, body)) as Appended
      this.#history.produced.set(known, sequence + BATCH)
      for (const [index, { offset }] of answer.records.entries()) {
        if (typeof offset === "number") this.#history.places.set(`${partition}/${offset}`, bodies[index]!)
      }
    }
  }

  /** Writes values and tombstones under keys of its own until the signal, and repeats nothing. */
  async write(topic: string, writer: number, keyCount: number): Promise<void> {
    const known = this.#history.keys.get(topic) ?? new Map<string, KnownKey>()
    this.#history.keys.set(topic, known)
    const keys = Array.from({ length: keyCount }, (_, index) => `${writer}-${index}`)
    for (const key of keys) known.set(key, { sure: null, maybe: [] })
    for (let round = 0; !this.#signal.aborted; round++) {
      const values = keys.map((_, index) => ((round + index) % 7 === 0 ? null : `${round} ${FILLER}`))
      const records = keys.map((key, index) => {
        const value = values[index]!
        return value === null ? { key, tombstone: true } : { key, body: value }
      })
      const answer = await ask(this.#broker, "POST", `/v1/topics/${topic}/records`, { records })
      if (answer?.status !== 200) this.#history.unanswered++
      const results = answer?.status === 200 ? (answer.body as unknown as Appended).records : []
      for (const [index, key] of keys.entries()) {
        const isStored = results[index] !== undefined && results[index].problem === undefined
        if (isStored) this.#history.confirmed++
        note(known.get(key)!, values[index]!, isStored)
      }
    }
  }

  /** Asks until the answer is 200. */
  async #until200(method: string, path: string, body: object): Promise<unknown> {
    for (;;) {
      const answer = await ask(this.#broker, method, path, body)
      if (answer?.status === 200) return answer.body
      if (answer && answer.status < 500) {
        this.#history.refused.push(answer)
        throw new Error(`${path}: ${JSON.stringify(answer)}`)
      }
      this.#history.unanswered++
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** What came before an acknowledged value is of no account any more; without an answer it may be either way. */
function note(known: KnownKey, value: string | null, isStored: boolean): void {
  if (!isStored) {
    known.maybe.push(value)
    return
  }
  known.sure = value
  known.maybe = []
}
