import { afterAll, beforeAll, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { ask } from "../support/load.ts"
import { emptyTopicHistory, type KnownKey, TopicLoad } from "../support/topic-load.ts"

const KILLS = 4
const PARTITIONS = 3
const PRODUCERS = ["a", "b", "c"]
const WRITERS = [0, 1]
const KEYS_EACH = 8
const COMPACTED = { cleanup: "compact", minCompactionLagMs: 0 }
let broker: TestBroker
let partitionsAtLast = 2
const history = emptyTopicHistory()

interface Page {
  readonly records: readonly { readonly offset: number; readonly key: string | null; readonly body?: string }[]
  readonly nextOffset: number
  readonly endOffset: number
}

async function readAll(topic: string, partition: number): Promise<Page["records"]> {
  const all: Page["records"][number][] = []
  for (let from: number | string = "earliest"; ;) {
    const answer = await ask(broker, "GET", `/v1/topics/${topic}/partitions/${partition}/records?from=${from}`)
    const page = answer!.body as unknown as Page
    all.push(...page.records)
    from = page.nextOffset
    if (from >= page.endOffset) return all
  }
}

/** Adds a partition while everything goes on, and asks until it is done. */
async function grow(): Promise<void> {
  partitionsAtLast++
  for (;;) {
    const answer = await ask(broker, "PUT", "/v1/topics/growing", { partitions: partitionsAtLast })
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The newest value of a key, null for none. */
async function latest(topic: string, key: string): Promise<string | null> {
  for (;;) {
    const answer = await ask(broker, "GET", `/v1/topics/${topic}/keys/${key}`)
    if (answer?.status === 404) return null
    if (answer?.status === 200) return (answer.body as unknown as { readonly body: string }).body
  }
}

function expectKnown(key: string, value: string | null, { sure, maybe }: KnownKey): void {
  expect([sure, ...maybe].map(shortened), key).toContain(shortened(value))
}

const shortened = (value: string | null): string | null => value && value.replace(/ x+$/, "")

beforeAll(async () => {
  broker = await startTestBroker()
  await ask(broker, "PUT", "/v1/topics/log", { partitions: PARTITIONS })
  await ask(broker, "PUT", "/v1/topics/state", { partitions: 2, ...COMPACTED })
  await ask(broker, "PUT", "/v1/topics/growing", { partitions: partitionsAtLast, ...COMPACTED })
  const stop = new AbortController()
  const load = new TopicLoad(broker, history, stop.signal)
  const running = Promise.all([
    ...PRODUCERS.map((name) => load.produce("log", name, PARTITIONS)),
    ...WRITERS.map((writer) => load.write("state", writer, KEYS_EACH)),
    ...WRITERS.map((writer) => load.write("growing", writer, KEYS_EACH)),
  ])
  for (let run = 0; run < KILLS; run++) {
    await new Promise((resolve) => setTimeout(resolve, 700 + run * 137))
    // the kill comes at another point of the growth each time
    const grown = grow()
    await new Promise((resolve) => setTimeout(resolve, run * 7))
    await broker.kill9()
    await broker.restart()
    await grown
  }
  stop.abort()
  await running
})

afterAll(() => broker.dispose())

it("was killed under load: much was produced and written, and some requests got no answer", () => {
  expect(history.refused).toEqual([])
  expect([...history.produced.values()].every((count) => count > 20)).toBe(true)
  expect(history.produced.size).toBe(PRODUCERS.length * PARTITIONS)
  expect(history.confirmed).toBeGreaterThan(500)
  expect(history.unanswered).toBeGreaterThan(0)
})

it("[S1] [S6] every batch of a producer stands once and in its place, through kill -9 and restart", async () => {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const records = await readAll("log", partition)
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
    for (const { offset, body } of records) {
      const said = history.places.get(`${partition}/${offset}`)
      if (said !== undefined) expect(body).toBe(said)
    }
    for (const name of PRODUCERS) {
      const own = records.flatMap(({ body }) => (body?.startsWith(`${name}:`) === true ? [body] : []))
      const count = history.produced.get(`${name}/${partition}`)!
      expect(own).toEqual(Array.from({ length: count }, (_, sequence) => `${name}:${sequence}`))
    }
  }
})

it("[S36] [S38] a compacted topic ends with what was acknowledged under each key, through kill -9 and restart", async () => {
  const map = new Map<string, string | null>()
  let count = 0
  for (const partition of [0, 1]) {
    for (const { key, body = null } of await readAll("state", partition)) {
      map.set(key!, body)
      count++
    }
  }
  for (const [key, known] of history.keys.get("state")!) {
    expectKnown(key, map.get(key) ?? null, known)
    expect(shortened(await latest("state", key))).toBe(shortened(map.get(key) ?? null))
  }
  // and it was compacted: half of what was confirmed went to this topic
  expect(count).toBeLessThan(history.confirmed / 3)
})

it("[S48] [S49] keys that moved while partitions were added end with what was acknowledged, through kill -9", async () => {
  const { settings } = (await ask(broker, "GET", "/v1/topics/growing"))!.body as unknown as { settings: object }
  expect(settings).toMatchObject({ partitions: 2 + KILLS })
  for (const [key, known] of history.keys.get("growing")!) expectKnown(key, await latest("growing", key), known)
})
