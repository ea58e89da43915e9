import type { TestBroker } from "./broker.ts"
import { type Answer, ask } from "./load.ts"

const BATCH = 5
const RETRY_MS = 50
const MAX_DELAY_MS = 1_500

/** A message that was delivered, and what must have been done before. */
export interface Observed {
  readonly body: string
  readonly id: string
  readonly receivedAt: number
}

/** What an ordered load knows; every request is repeated until it is answered, so that nothing is unknown. */
export interface OrderedHistory {
  /** Messages whose send was confirmed, by group; message `n` has the body `group:n`. */
  readonly confirmed: Map<string, number>
  /** Earliest instant at which a scheduled body may be delivered. */
  readonly dueAt: Map<string, number>
  readonly observed: Observed[]
  readonly ackAsked: Set<string>
  /** Deliveries of a message while an earlier one of its group was neither acknowledged nor in front of it. */
  readonly outOfOrder: string[]
  /** Requests that got no answer, and were repeated. */
  unanswered: number
}

export function emptyOrderedHistory(): OrderedHistory {
  return {
    confirmed: new Map(),
    dueAt: new Map(),
    observed: [],
    ackAsked: new Set(),
    outOfOrder: [],
    unanswered: 0,
  }
}

/** A broker under an ordered load. */
export class OrderedLoad {
  readonly #broker: TestBroker
  readonly #history: OrderedHistory
  readonly #signal: AbortSignal

  constructor(broker: TestBroker, history: OrderedHistory, signal: AbortSignal) {
    this.#broker = broker
    this.#history = history
    this.#signal = signal
  }

  /** Sends, schedules and works on until the signal; then ends what it began. */
  async run(): Promise<void> {
    await Promise.all([
      ...["a", "b", "c"].map((group) => this.#until(() => this.#sendBatch(group))),
      this.#until((round) => this.#scheduleOne(round)),
      ...[0, 1].map((worker) => this.#until((round) => this.#work("ordered", `${worker}-${round}`))),
      this.#until((round) => this.#work("later", `later-${round}`)),
    ])
  }

  /** Works off what is left of a queue. */
  async drain(queue: string, waitMs: number): Promise<void> {
    for (let round = 0; (await this.#work(queue, `drain-${queue}-${round}`, waitMs)) > 0; round++);
  }

  async #until(step: (round: number) => Promise<unknown>): Promise<void> {
    for (let round = 0; !this.#signal.aborted; round++) await step(round)
  }

  async #sendBatch(group: string): Promise<void> {
    const from = this.#history.confirmed.get(group) ?? 0
    const messages = Array.from({ length: BATCH }, (_, index) => {
      const body = `${group}:${from + index}`
      return { body, groupId: group, dedupId: body }
    })
    await this.#ask("ordered", "messages", { messages })
    this.#history.confirmed.set(group, from + BATCH)
  }

  async #scheduleOne(round: number): Promise<void> {
    const body = `later:${round}`
    const delayMs = 1 + ((round * 379) % MAX_DELAY_MS)
    this.#history.dueAt.set(body, Date.now() + delayMs)
    await this.#ask("later", "messages", { body, delayMs, dedupId: body })
  }

  async #work(queue: string, attemptId: string, waitMs = 100): Promise<number> {
    const { messages = [] } = await this.#ask(queue, "receive", { maxMessages: 10, waitMs, attemptId })
    const receivedAt = Date.now()
    const before = new Set<string>()
    for (const { body, id } of messages) {
      this.#history.observed.push({ body, id, receivedAt })
      if (queue === "ordered" && !this.#isNext(body, before)) this.#history.outOfOrder.push(body)
      before.add(body)
    }
    if (messages.length === 0) return 0
    for (const { body } of messages) this.#history.ackAsked.add(body)
    await this.#ask(queue, "ack", { receipts: messages.map(({ receipt }) => receipt) })
    return messages.length
  }

  /** Whether the message before it in its group was acknowledged, or stands before it in the same answer. */
  #isNext(body: string, before: ReadonlySet<string>): boolean {
    const [group, number] = body.split(":")
    const previous = `${group}:${Number(number) - 1}`
    return number === "0" || this.#history.ackAsked.has(previous) || before.has(previous)
  }

  /** Asks until there is an answer: what was lost on the way is recognised as a repeat. */
  async #ask(queue: string, operation: string, body: object): Promise<Answer["body"]> {
    for (;;) {
      const answer = await ask(this.#broker, "POST", `/v1/queues/${queue}/${operation}`, body)
      if (answer?.status === 200) return answer.body
      if (answer && answer.status < 500) throw new Error(`${operation}: ${JSON.stringify(answer)}`)
      this.#history.unanswered++
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
