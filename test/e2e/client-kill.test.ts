import { afterAll, beforeAll, expect, test } from "vitest"
import { type Client, connect, type Queue, type Topic } from "../../src/client/index.ts"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { type CutProxy, startCutProxy } from "../support/cut-proxy.ts"
import { upTo } from "../support/http.ts"

const KILLS = 4
/** Sent between two kills at least, so that each of them hits a broker at work. */
const SENT_PER_KILL = 400
const KEYS = 6
const PARTITIONS = 3

let broker: TestBroker
let proxy: CutProxy
let client: Client

beforeAll(async () => {
  broker = await startTestBroker()
  // one address for all lives of the broker
  proxy = await startCutProxy(() => broker.url)
  client = await connect({ url: proxy.url, token: broker.token, connectTimeoutMs: 60_000 })
  await client.admin.queues.put("jobs", { ordering: "fifo" })
  await client.admin.topics.put("flights", { partitions: PARTITIONS })
})

afterAll(async () => {
  await client.close()
  await proxy.close()
  await broker.dispose()
})

interface Page {
  readonly records: readonly { readonly body: number; readonly key: string; readonly offset: number }[]
  readonly nextOffset: number
  readonly endOffset: number
}

/** Sends numbers without end, a few at a time, each group and key in the order of its numbers. */
class Load {
  readonly ids = new Map<number, string | null>()
  readonly places = new Map<number, string>()
  #count = 0
  #isOver = false
  readonly #queue: Queue<number>
  readonly #producer: ReturnType<Topic<string, number>["producer"]>
  readonly #done: Promise<void>
  #onStored: () => void = () => {}

  constructor() {
    this.#queue = client.queue<number>("jobs")
    this.#producer = client.topic<number>("flights").producer({ lingerMs: 1 })
    this.#done = this.#run()
  }

  get count(): number {
    return this.#count
  }

  /** Resolves when `more` are stored. */
  async until(more: number): Promise<void> {
    const goal = this.ids.size + more
    while (this.ids.size < goal) await new Promise<void>((resolve) => (this.#onStored = resolve))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
    await this.#producer.close()
  }

  async #run(): Promise<void> {
    while (!this.#isOver) await Promise.all(upTo(20).map(() => this.#send(this.#count++)))
  }

  async #send(n: number): Promise<void> {
    const key = `k${n % KEYS}`
    const [sent, place] = await Promise.all([
      this.#queue.send(n, { groupId: key }),
      this.#producer.send({ key, value: n }),
    ])
    this.ids.set(n, sent.id)
    this.places.set(n, `${place.partition}/${place.offset}`)
    this.#onStored()
  }
}

async function messagesStored(): Promise<{ body: number; groupId: string }[]> {
  const all: { body: number; groupId: string }[] = []
  let cursor: string | null = null
  do {
    const page = await client.admin.queues.browse("jobs", { limit: 100, ...(cursor !== null && { cursor }) })
    all.push(...page.messages.map(({ body, groupId }) => ({ body: body as number, groupId: groupId! })))
    cursor = page.cursor
  } while (cursor !== null)
  return all
}

async function recordsStored(): Promise<{ body: number; key: string; place: string }[]> {
  const all: { body: number; key: string; place: string }[] = []
  for (const partition of upTo(PARTITIONS)) {
    for (let from = 0, end = 1; from < end;) {
      const path = `/v1/topics/flights/partitions/${partition}/records?from=${from}&maxRecords=1000`
      const answer = await fetch(`${broker.url}${path}`, { headers: { authorization: `Bearer ${broker.token}` } })
      const page = await answer.json<Page>()
      all.push(...page.records.map(({ body, key, offset }) => ({ body, key, place: `${partition}/${offset}` })))
      from = page.nextOffset
      end = page.endOffset
    }
  }
  return all
}

test("[W58] what a client sends while its broker is killed is stored once, in order, and where it was told", async () => {
  const load = new Load()
  for (let kill = 0; kill < KILLS; kill++) {
    await load.until(SENT_PER_KILL)
    await broker.kill9()
    await broker.restart()
  }
  await load.until(1)
  await load.stop()
  expect(load.ids.size).toBe(load.count)

  const messages = await messagesStored()
  expect(messages.map(({ body }) => body).toSorted((a, b) => a - b)).toEqual(upTo(load.count))
  const ids = [...load.ids.values()].filter((id) => id !== null)
  expect(new Set(ids).size).toBe(ids.length)
  const records = await recordsStored()
  expect(records.map(({ body }) => body).toSorted((a, b) => a - b)).toEqual(upTo(load.count))
  for (const { body, place } of records) expect(load.places.get(body)).toBe(place)

  for (const key of upTo(KEYS)) {
    const numbers = upTo(load.count).filter((n) => n % KEYS === key)
    expect(messages.filter(({ groupId }) => groupId === `k${key}`).map(({ body }) => body)).toEqual(numbers)
    expect(records.filter((record) => record.key === `k${key}`).map(({ body }) => body)).toEqual(numbers)
  }
})
