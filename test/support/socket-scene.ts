import { afterAll, afterEach, beforeAll } from "vitest"
import { startTestBroker, type TestBroker } from "./broker.ts"
import { type Frame, SocketClient } from "./socket-client.ts"

/** Long enough for everything that is on its way to arrive. */
export const QUIET_MS = 300

/** A broker for the tests of a file, and what they do with it. */
export class SocketScene {
  #broker: TestBroker | null = null
  #clients: SocketClient[] = []
  #names = 0

  constructor() {
    beforeAll(async () => {
      this.#broker = await startTestBroker()
    })
    afterAll(() => this.broker.dispose())
    afterEach(() => {
      for (const client of this.#clients) client.terminate()
      this.#clients = []
    })
  }

  get broker(): TestBroker {
    if (this.#broker === null) throw new Error("the broker is not there yet")
    return this.#broker
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.broker.token}`, "content-type": "application/json" }
  }

  get socketUrl(): string {
    return `${this.broker.url.replace(/^http/, "ws")}/v1/connect`
  }

  async connect(): Promise<SocketClient> {
    const client = await SocketClient.open(this.broker)
    this.#clients.push(client)
    return client
  }

  /** A request that must succeed; answers its JSON. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const { headers } = this
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${this.broker.url}${path}`, init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === "" ? null : JSON.parse(text)
  }

  /** A queue of this test's own. */
  async queue(settings: object = {}): Promise<string> {
    const name = `queue-${++this.#names}`
    await this.call("PUT", `/v1/queues/${name}`, settings)
    return name
  }

  /** A topic of this test's own. */
  async topic(partitions: number): Promise<string> {
    const name = `topic-${++this.#names}`
    await this.call("PUT", `/v1/topics/${name}`, { partitions })
    return name
  }

  /** A group of this test's own. */
  async group(settings: object = {}): Promise<string> {
    const name = `group-${++this.#names}`
    await this.call("PUT", `/v1/groups/${name}`, settings)
    return name
  }

  async append(topic: string, records: readonly object[]): Promise<void> {
    await this.call("POST", `/v1/topics/${topic}/records`, { records })
  }

  async send(queue: string, bodies: readonly string[]): Promise<void> {
    await this.call("POST", `/v1/queues/${queue}/messages`, { messages: bodies.map((body) => ({ body })) })
  }

  async inFlight(queue: string): Promise<number> {
    const view = (await this.call("GET", `/v1/queues/${queue}`)) as { statistics: { inFlight: number } }
    return view.statistics.inFlight
  }
}

export function bodies(entries: readonly Frame[]): unknown[] {
  return entries.map((entry) => entry["body"])
}

export function receipts(entries: readonly Frame[]): unknown[] {
  return entries.map((entry) => entry["receipt"])
}

export function problemCode(frame: Frame): unknown {
  return (frame["problem"] as Frame | undefined)?.["code"]
}

export function numbered(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(from + index))
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
