import { describe, expect, test } from "vitest"
import { bytes, type MillraceError, text } from "../../src/client/index.ts"
import { ClientScene } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()
/** A loaded machine is slow and not wrong. */
const PATIENTLY = { timeout: 20_000 }
const encoder = new TextEncoder()
const codeOf = (error: unknown): string => (error as MillraceError).code

interface Stored {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly body?: unknown
  readonly [member: string]: unknown
}

/** All records of a topic, partition after partition. */
async function recordsOf(topic: string): Promise<Stored[]> {
  const { body } = await scene.get(`/v1/topics/${topic}/offsets`)
  const all: Stored[] = []
  for (const { partition, endOffset } of (body as { partitions: { partition: number; endOffset: number }[] })
    .partitions) {
    for (let from = 0; from < endOffset;) {
      const page = await scene.get(`/v1/topics/${topic}/partitions/${partition}/records?from=${from}&maxRecords=1000`)
      const { records, nextOffset } = page.body as { records: Stored[]; nextOffset: number }
      all.push(...records.map((record) => ({ ...record, partition })))
      from = nextOffset
    }
  }
  return all
}

describe("a record", () => {
  test("[W50] is stored with all that was said of it, where its key belongs", async () => {
    const topic = await scene.topicName({ partitions: 4, timestamp: "producer" })
    const client = await scene.connect()
    const producer = client.topic(topic).producer()
    const place = await producer.send({
      key: "kéy",
      value: { n: 1 },
      headers: { a: "1" },
      timestamp: new Date("2026-01-01"),
    })
    const [byHttp] = await scene.append(`/v1/topics/${topic}`, { key: "kéy", body: "the broker's choice" })
    expect(byHttp).toMatchObject({ partition: place.partition, offset: 1 })
    await producer.send({ key: "kéy", tombstone: true })
    expect(await recordsOf(topic)).toMatchObject([
      { ...place, key: "kéy", body: { n: 1 }, headers: { a: "1" }, timestamp: Date.parse("2026-01-01") },
      { offset: 1 },
      { offset: 2, key: "kéy", tombstone: true },
    ])
  })

  test("[L26] goes where Kafka would put its key, or where it is told to", async () => {
    const topic = await scene.topicName({ partitions: 7 })
    const client = await scene.connect()
    const producer = client.topic(topic, { key: bytes, codec: text }).producer()
    const keys = upTo(40).map((n) => encoder.encode(`key-${n}`))
    const places = await Promise.all(keys.map((key) => producer.send({ key, value: "x" })))
    const byHttp = await scene.append(`/v1/topics/${topic}`, ...upTo(40).map((n) => ({ key: `key-${n}`, body: "y" })))
    expect(places.map(({ partition }) => partition)).toEqual(byHttp.map(({ partition }) => partition))
    expect(await producer.send({ key: keys[0]!, value: "x", partition: 5 })).toMatchObject({ partition: 5 })
    expect(await producer.send({ value: "x", partition: 7 }).catch(codeOf)).toBe("invalid_field")
  })

  test("without a key goes with others, and in time to every partition", async () => {
    const topic = await scene.topicName({ partitions: 3 })
    const producer = (await scene.connect()).topic(topic).producer({ lingerMs: 0 })
    const rounds = []
    for (let round = 0; round < 6; round++) {
      rounds.push(await Promise.all(upTo(10).map((value) => producer.send({ value }))))
    }
    for (const round of rounds) expect(new Set(round.map(({ partition }) => partition)).size).toBe(1)
    expect(new Set(rounds.flat().map(({ partition }) => partition)).size).toBe(3)
  })
})

describe("a producer", () => {
  test("[W52] keeps the order of each partition, in batches of the size that it was told", async () => {
    const topic = await scene.topicName({ partitions: 2 })
    const producer = (await scene.connect()).topic<number>(topic).producer({ maxBatchBytes: 1_000 })
    const sent = upTo(3_000).map((value) => producer.send({ key: `k${value % 5}`, value }))
    await producer.flush()
    const places = await Promise.all(sent)
    expect(places.every(({ repeated }) => repeated === undefined)).toBe(true)
    const stored = await recordsOf(topic)
    expect(stored).toHaveLength(3_000)
    for (const key of upTo(5)) {
      const values = stored.filter((record) => record.key === `k${key}`).map(({ body }) => body)
      expect(values).toEqual(upTo(600).map((nth) => nth * 5 + key))
    }
  })

  test("[W8] rejects only the record that is wrong", async () => {
    const topic = await scene.topicName()
    const producer = (await scene.connect()).topic(topic).producer()
    const outcomes = await Promise.all([
      producer.send({ value: 1 }),
      producer.send({ value: 2, headers: { "": "no name" } }).catch(codeOf),
      producer.send({ value: undefined }).catch(codeOf),
      producer.send({ value: 3, timestamp: -1 }).catch(codeOf),
      producer.send({ value: 4 }),
    ])
    expect(outcomes).toMatchObject([{ offset: 0 }, "invalid_field", "invalid_value", "invalid_field", { offset: 1 }])
    expect(await (await scene.connect()).topic("nowhere").producer().send({ value: 1 }).catch(codeOf)).toBe("not_found")
  })

  test("holds back who waits for it while more is buffered than it was told", async () => {
    const topic = await scene.topicName()
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const producer = client.topic(topic, { codec: bytes }).producer({ maxBufferedBytes: 10_000, lingerMs: 0 })
    await producer.send({ value: new Uint8Array(1) })
    await producer.ready()
    proxy.freezeAnswers()
    const sent = upTo(10).map(() => producer.send({ value: new Uint8Array(4_000) }))
    let isReady = false
    const ready = producer.ready().then(() => (isReady = true))
    // what was let through is stored, and nothing behind it
    const stored = async (): Promise<number> => (await recordsOf(topic)).length
    await expect.poll(stored, PATIENTLY).toBe(4)
    expect(isReady).toBe(false)
    proxy.thaw()
    await ready
    await Promise.all(sent)
    expect(await stored()).toBe(11)
  })

  test("[W54] of a name ends the one before it, which is told so", async () => {
    const topic = await scene.topicName()
    const flights = (await scene.connect()).topic(topic)
    const first = flights.producer({ name: "importer" })
    expect(await first.send({ value: 1 })).toMatchObject({ offset: 0 })
    const second = (await scene.connect()).topic(topic).producer({ name: "importer" })
    expect(await second.send({ value: 2 })).toMatchObject({ offset: 1 })
    expect(await first.send({ value: 3 }).catch(codeOf)).toBe("fenced")
    expect(await first.send({ value: 4 }).catch(codeOf)).toBe("fenced")
    expect(await second.send({ value: 5 })).toMatchObject({ offset: 2 })
    await first.close()
    await second.close()
    expect(await second.send({ value: 6 }).catch(codeOf)).toBe("closed")
  })

  test("that need not be idempotent asks for no id, and publishes all the same", async () => {
    const topic = await scene.topicName({ partitions: 2 })
    const producer = (await scene.connect()).topic(topic).producer({ idempotent: false })
    const sent = await Promise.all(upTo(100).map((value) => producer.send({ key: `${value}`, value })))
    expect(new Set(sent.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(100)
  })

  test("sends what lingers when it is closed, and when its client is", async () => {
    const topic = await scene.topicName()
    const client = await scene.connect()
    const one = client.topic(topic).producer({ lingerMs: 60_000 })
    const other = client.topic(topic).producer({ lingerMs: 60_000 })
    const sent = [one.send({ value: 1 }), other.send({ value: 2 })]
    await one.close()
    await client.close()
    expect(await Promise.all(sent)).toMatchObject([{ offset: 0 }, { offset: 1 }])
  })
})

describe("partitions that are added", () => {
  test("[W53] get the keys that belong to them, behind everything that these had said before", async () => {
    const topic = await scene.topicName({ partitions: 2 })
    const client = await scene.connect()
    const producer = client.topic<number>(topic).producer({ lingerMs: 1 })
    const keys = upTo(12).map((n) => `key-${n}`)
    const sent: Promise<unknown>[] = []
    const grown = new AbortController()
    const growing = client.admin.topics.put(topic, { partitions: 5 }).then(() => grown.abort())
    let rounds = 0
    for (; rounds < 50 || !grown.signal.aborted; rounds++) {
      for (const key of keys) sent.push(producer.send({ key, value: rounds }))
      await Promise.race([sent.at(-1), growing])
    }
    for (const key of keys) sent.push(producer.send({ key, value: rounds }))
    await Promise.all(sent)
    const stored = await recordsOf(topic)
    expect(stored).toHaveLength(sent.length)
    const places = await scene.append(`/v1/topics/${topic}`, ...keys.map((key) => ({ key, body: 0 })))
    const homes = new Map(keys.map((key, nth) => [key, places[nth]!.partition]))
    for (const key of keys) {
      const own = stored.filter((record) => record.key === key)
      const isHome = ({ partition }: Stored): boolean => partition === homes.get(key)
      // the old partition before the new one, and in each the order in which they were sent
      const inOrder = [...own.filter((record) => !isHome(record)), ...own.filter(isHome)]
      expect(inOrder.map(({ body }) => body)).toEqual(upTo(rounds + 1))
      expect(isHome(inOrder.at(-1)!)).toBe(true)
    }
  })
})
