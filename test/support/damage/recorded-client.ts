import type { Operation } from "../checkers/history.ts"
import type { TestBroker } from "../broker.ts"

/** What was refused, and how. */
export interface Refusal {
  readonly what: string
  readonly status: number
  readonly code: string
  readonly retryAfter: string | null
}

/** A message as a receive answers it. */
export interface Received {
  readonly id: string
  readonly body: string
  readonly receipt: string
  readonly deliveryCount: number
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly calledAt: number
  /** Null where the refusal leaves open what was done. */
  readonly answeredAt: number | null
  readonly status: number
  readonly body: unknown
}

/** Whoever waits longer hangs. */
const PATIENCE_MS = 20_000
const CLIENT = "client"
const VISIBILITY_TIMEOUT_MS = 30_000

/** One client over HTTP, with a record of what it asked and was answered. A request that hangs throws. */
export class RecordedClient {
  readonly operations: Operation[] = []
  readonly refusals: Refusal[] = []
  readonly #broker: TestBroker

  constructor(broker: TestBroker) {
    this.#broker = broker
  }

  /** Any request, which is not recorded. */
  async ask(method: string, path: string, json?: object): Promise<Answer> {
    const calledAt = performance.now()
    const response = await fetch(`${this.#broker.url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#broker.token}`, "content-type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const { status, headers } = response
    const text = await response.text()
    const body = (text === "" ? {} : JSON.parse(text)) as { readonly code?: string }
    if (status >= 400) {
      this.refusals.push({ what: path, status, code: body.code ?? "", retryAfter: headers.get("retry-after") })
    }
    return { calledAt, answeredAt: status < 500 ? performance.now() : null, status, body }
  }

  /** Sends one message. Answers whether that was confirmed. */
  async send(queue: string, value: string): Promise<boolean> {
    const answer = await this.ask("POST", `queues/${queue}/messages`, { body: value })
    const sent = answer.status === 200 ? (answer.body as { readonly messages: readonly { id: string }[] }) : null
    this.operations.push({
      kind: "send",
      client: CLIENT,
      queue,
      messages: [{ value, group: null, dedupId: null, delayMs: 0 }],
      results: sent?.messages ?? null,
      calledAt: answer.calledAt,
      answeredAt: answer.answeredAt,
    })
    return sent !== null
  }

  async receive(queue: string, maxMessages: number, options: { readonly waitMs?: number } = {}): Promise<Received[]> {
    const terms = { maxMessages, visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS, ...options }
    const { calledAt, answeredAt, status, body } = await this.ask("POST", `queues/${queue}/receive`, terms)
    const messages = status === 200 ? (body as { readonly messages: Received[] }).messages : []
    if (messages.length === 0) {
      const waitMs = options.waitMs ?? 0
      this.operations.push({ kind: "empty-receive", client: CLIENT, queue, waitMs, calledAt, answeredAt })
    }
    for (const { body: value, id, receipt, deliveryCount } of messages) {
      this.operations.push({
        kind: "delivered",
        client: CLIENT,
        queue,
        value,
        id,
        receipt,
        deliveryCount,
        group: null,
        leasedAfter: calledAt,
        answeredAt: answeredAt!,
        visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS,
        deadLetter: null,
      })
    }
    return messages
  }

  /** Acknowledges one delivery. Answers whether that was confirmed. */
  async ack(queue: string, receipt: string): Promise<boolean> {
    const { calledAt, answeredAt, status } = await this.ask("POST", `queues/${queue}/ack`, { receipts: [receipt] })
    const result = answeredAt === null ? null : status === 200 ? "ok" : "refused"
    this.operations.push({ kind: "ack", client: CLIENT, queue, receipt, ms: 0, result, calledAt, answeredAt })
    return result === "ok"
  }

  /** Takes and acknowledges all that is there; throws where anything of it is refused. */
  async drain(queue: string): Promise<string[]> {
    const values: string[] = []
    const refused = this.refusals.length
    for (;;) {
      const messages = await this.receive(queue, 100, { waitMs: 1_000 })
      for (const { body, receipt } of messages) {
        values.push(body)
        await this.ack(queue, receipt)
      }
      if (this.refusals.length > refused) throw new Error(`refused: ${JSON.stringify(this.refusals.at(-1))}`)
      if (messages.length === 0) return values
    }
  }

  /** Appends one record to partition 0. Answers whether that was confirmed. */
  async append(topic: string, value: string): Promise<boolean> {
    const answer = await this.ask("POST", `topics/${topic}/records`, { records: [{ body: value }] })
    const stored = answer.status === 200 ? (answer.body as { readonly records: readonly { offset: number }[] }) : null
    this.operations.push({
      kind: "append",
      client: CLIENT,
      topic,
      partition: 0,
      records: [{ value, key: null }],
      offsets: stored ? stored.records.map(({ offset }) => offset) : answer.answeredAt === null ? null : [],
      producer: null,
      calledAt: answer.calledAt,
      answeredAt: answer.answeredAt,
    })
    return stored !== null
  }

  /** Reads partition 0 from its start to its end; answers the values, or throws where a read is refused. */
  async readAll(topic: string): Promise<string[]> {
    const values: string[] = []
    for (let from = 0; ;) {
      const path = `topics/${topic}/partitions/0/records?from=${from}`
      const { calledAt, answeredAt, status, body } = await this.ask("GET", path)
      if (status !== 200) throw new Error(`a read was refused: ${JSON.stringify(body)}`)
      const { records, nextOffset, endOffset } = body as ReadBody
      this.operations.push({
        kind: "read",
        client: CLIENT,
        topic,
        partition: 0,
        group: null,
        from,
        records: records.map(({ offset, timestamp, body: value }) => ({ offset, timestamp, value, key: null })),
        nextOffset,
        calledAt,
        answeredAt,
      })
      values.push(...records.map((record) => record.body))
      if (nextOffset >= endOffset) return values
      from = nextOffset
    }
  }
}

interface ReadBody {
  readonly records: readonly { readonly offset: number; readonly timestamp: number; readonly body: string }[]
  readonly nextOffset: number
  readonly endOffset: number
}
