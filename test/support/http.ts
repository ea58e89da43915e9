import { afterAll, beforeAll, expect } from "vitest"
import { startTestBroker, type TestBroker, type TestBrokerOptions } from "./broker.ts"

/** One answer; its body is parsed where it is JSON, and the text it was otherwise. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** What a request has besides its method and path. */
export interface RequestOptions {
  /** A body that is written as JSON. */
  readonly json?: unknown
  /** A body as it stands; `headers` say what it is. */
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of the broker's token; null for none. */
  readonly token?: string | null
  readonly signal?: AbortSignal
}

/** A message as a receive answers it. */
export interface Message {
  readonly id: string
  readonly receipt: string
  readonly deliveryCount: number
  readonly sentAt: number
  readonly body?: unknown
  readonly bodyBase64?: string
  readonly groupId?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Where a record is. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

/** A client of one broker, and the broker itself. */
export class HttpScene {
  #broker: TestBroker | null = null
  #names = 0

  /** For a test file: the broker is there while its tests run. `start` may start another one than `npm start` does. */
  constructor(options: TestBrokerOptions = {}, start = startTestBroker) {
    beforeAll(async () => {
      this.#broker = await start(options)
    })
    afterAll(() => this.#broker?.dispose())
  }

  get broker(): TestBroker {
    if (this.#broker === null) throw new Error("the broker runs while tests do")
    return this.#broker
  }

  /** Any request. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { json, body, headers, token = this.broker.token, signal } = options
    const response = await fetch(`${this.broker.url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
    return answerOf(response)
  }

  get(path: string): Promise<Answer> {
    return this.request("GET", path)
  }

  put(path: string, json: unknown = {}): Promise<Answer> {
    return this.request("PUT", path, { json })
  }

  post(path: string, json: unknown): Promise<Answer> {
    return this.request("POST", path, { json })
  }

  delete(path: string): Promise<Answer> {
    return this.request("DELETE", path)
  }

  /** A name that no other test has. */
  newName(): string {
    return `name-${this.#names++}`
  }

  /** A new queue; answers its path. */
  async queue(settings: object = {}): Promise<string> {
    const path = `/v1/queues/${this.newName()}`
    expect((await this.put(path, settings)).status).toBe(201)
    return path
  }

  /** A new topic; answers its path. */
  async topic(settings: object = {}): Promise<string> {
    const path = `/v1/topics/${this.newName()}`
    expect((await this.put(path, settings)).status).toBe(201)
    return path
  }

  /** Sends a message with each body; answers the ids. */
  async send(queue: string, ...bodies: readonly unknown[]): Promise<string[]> {
    const sent = await this.post(`${queue}/messages`, { messages: bodies.map((body) => ({ body })) })
    expect(sent.status).toBe(200)
    return (sent.body as { messages: { id: string }[] }).messages.map(({ id }) => id)
  }

  async receive(queue: string, json: object = {}, signal?: AbortSignal): Promise<Message[]> {
    const options = signal === undefined ? { json } : { json, signal }
    const received = await this.request("POST", `${queue}/receive`, options)
    expect(received.status).toBe(200)
    return (received.body as { messages: Message[] }).messages
  }

  /** Receives exactly one message. */
  async receiveOne(queue: string, json: object = {}): Promise<Message> {
    const messages = await this.receive(queue, json)
    expect(messages).toHaveLength(1)
    return messages[0]!
  }

  /** Acks, nacks or extends; each result is `ok` or the code of its problem. */
  async settle(verb: "ack" | "nack" | "extend", queue: string, json: object): Promise<string[]> {
    const settled = await this.post(`${queue}/${verb}`, json)
    expect(settled.status).toBe(200)
    const { results } = settled.body as { results: ({ ok: true } | { problem: { code: string } })[] }
    return results.map((result) => ("ok" in result ? "ok" : result.problem.code))
  }

  async statistics(queue: string): Promise<Record<string, number | null>> {
    const shown = await this.get(queue)
    return (shown.body as { statistics: Record<string, number | null> }).statistics
  }

  /** Appends a record for each; answers where they are. */
  async append(topic: string, ...records: readonly object[]): Promise<Place[]> {
    const appended = await this.post(`${topic}/records`, { records })
    expect(appended.status).toBe(200)
    return (appended.body as { records: Place[] }).records
  }
}

/** What a refusal must answer, for `toMatchObject`. */
export function problem(status: number, code: string, data: object = {}): object {
  return { status, body: { type: `/problems/${code}`, status, code, ...data } }
}

/** The numbers from 0 on, as many as asked for. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = /[/+]json$/.test(response.headers.get("content-type") ?? "") && text !== ""
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text }
}
