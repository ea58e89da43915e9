import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { HttpScene, type Place, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const { vectors } = JSON.parse(readFileSync("test/vectors/murmur2.json", "utf8")) as {
  readonly vectors: readonly { readonly key: string; readonly hash: number }[]
}

const DAY_MS = 24 * 60 * 60 * 1000
const DEFAULTS = {
  partitions: 1,
  keyOrder: "preserve",
  cleanup: "delete",
  retentionMs: 7 * DAY_MS,
  retentionBytes: null,
  minCompactionLagMs: 0,
  deleteRetentionMs: DAY_MS,
  maxRecordBytes: 1024 * 1024,
  timestamp: "broker",
}

interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly body?: unknown
}

async function read(topic: string, partition = 0): Promise<ReadRecord[]> {
  const answer = await scene.get(`${topic}/partitions/${partition}/records`)
  expect(answer.status).toBe(200)
  return (answer.body as { records: ReadRecord[] }).records
}

async function openProducer(json: object = {}): Promise<{ producerId: number; epoch: number }> {
  const opened = await scene.post("/v1/producers", json)
  expect(opened.status).toBe(200)
  return opened.body as { producerId: number; epoch: number }
}

describe("settings of a topic", () => {
  it("[H80] are all shown, each changes by itself, and a null is kept", async () => {
    const topic = await scene.topic()
    expect((await scene.get(topic)).body).toMatchObject({ settings: DEFAULTS })
    const changes = {
      keyOrder: "relaxed",
      cleanup: "both",
      retentionMs: null,
      retentionBytes: 1024 * 1024,
      minCompactionLagMs: 5,
      deleteRetentionMs: 0,
      maxRecordBytes: 10,
      timestamp: "producer",
    }
    let settings: object = DEFAULTS
    for (const [name, value] of Object.entries(changes)) {
      settings = { ...settings, [name]: value }
      const put = await scene.put(topic, { [name]: value })
      expect(put).toMatchObject({ status: 200, body: { settings } })
      expect((await scene.get(topic)).body).toMatchObject({ settings })
    }
    expect(await scene.put(topic, { retentionBytes: null, retentionMs: 60_000 })).toMatchObject({
      status: 200,
      body: { settings: { ...settings, retentionBytes: null, retentionMs: 60_000 } },
    })
  })

  it.each([
    ["keyOrder", [null, "strict", true]],
    ["cleanup", [null, "none", ["delete"]]],
    ["retentionMs", [0, 59_999, 365 * DAY_MS + 1, "1d", 60_000.5]],
    ["retentionBytes", [0, 1024 * 1024 - 1, 8 * 1024 ** 3 + 1, "1G"]],
    ["minCompactionLagMs", [null, -1, 365 * DAY_MS + 1, 0.5]],
    ["deleteRetentionMs", [null, -1, 365 * DAY_MS + 1]],
    ["maxRecordBytes", [null, 0, 1024 * 1024 + 1, "10"]],
    ["timestamp", [null, "log", 0]],
  ])("[H80] %s refuses %j, and nothing changes", async (name, values) => {
    const topic = await scene.topic()
    for (const value of values) {
      const refused = await scene.put(topic, { maxRecordBytes: 5, [name]: value })
      expect(refused).toMatchObject(problem(422, "invalid_field", { pointer: `/${name}` }))
    }
    expect((await scene.get(topic)).body).toMatchObject({ settings: DEFAULTS })
  })
})

describe("adding partitions", () => {
  it("[H81] keeps what was there, and spreads keys over the new number", async () => {
    const topic = await scene.topic({ partitions: 3 })
    const keys = vectors.map(({ key }) => key)
    const placesAfter = (count: number): number[] => vectors.map(({ hash }) => (hash & 0x7fffffff) % count)
    const records = keys.map((key) => ({ key, body: key }))
    const before = await scene.append(topic, ...records)
    expect(before.map(({ partition }) => partition)).toEqual(placesAfter(3))
    const held = await Promise.all(upTo(3).map((partition) => read(topic, partition)))
    expect(await scene.put(topic, { partitions: 12 })).toMatchObject({
      status: 200,
      body: { settings: { partitions: 12 } },
    })
    const after = await scene.append(topic, ...records)
    expect(after.map(({ partition }) => partition)).toEqual(placesAfter(12))
    for (const [partition, kept] of held.entries()) {
      expect((await read(topic, partition)).slice(0, kept.length)).toEqual(kept)
    }
    expect((await scene.get(topic)).body).toMatchObject({ partitions: upTo(12).map((partition) => ({ partition })) })
    expect(await scene.put(topic, { partitions: 11 })).toMatchObject(problem(409, "conflict"))
    expect(await scene.put(topic, { partitions: 12 })).toMatchObject({ status: 200 })
  })

  it("[H81] refuses nothing and loses nothing of what is appended meanwhile", async () => {
    const topic = await scene.topic({ partitions: 2 })
    const progress = { grown: false }
    const grow = async (): Promise<void> => {
      for (const partitions of [3, 5, 8, 13]) expect((await scene.put(topic, { partitions })).status).toBe(200)
      progress.grown = true
    }
    const growing = grow()
    const places: Place[] = []
    let rounds = 0
    do {
      const round = rounds++
      places.push(
        ...(await scene.append(topic, ...upTo(10).map((n) => ({ key: `${round}/${n}`, body: 10 * round + n })))),
      )
    } while (!progress.grown && rounds < 1000)
    await growing
    const seen = (await Promise.all(upTo(13).map((partition) => read(topic, partition)))).flat()
    const bodies = seen.map(({ body }) => body as number).toSorted((one, other) => one - other)
    expect(bodies).toEqual(upTo(10 * rounds))
    expect(new Set(places.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(10 * rounds)
  })
})

describe("what a record may say", () => {
  it("[H82] its producer's time, which a topic may show", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: 1, timestamp: 5 }, { body: 2 }, { body: 3, timestamp: 8_640_000_000_000_000 })
    const byBroker = await read(topic)
    const brokerMs = byBroker[1]!.timestamp
    expect(brokerMs).toBeGreaterThan(1_600_000_000_000)
    expect(byBroker.map(({ timestamp }) => timestamp)).toEqual([brokerMs, brokerMs, brokerMs])
    await scene.put(topic, { timestamp: "producer" })
    expect((await read(topic)).map(({ timestamp }) => timestamp)).toEqual([5, brokerMs, 8_640_000_000_000_000])
  })

  it("[H83] that its key has no value any more", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { key: "a", body: 1 }, { key: "a", tombstone: true, headers: { why: "gone" } })
    expect((await read(topic))[1]).toEqual({
      offset: 1,
      timestamp: expect.any(Number) as number,
      key: "a",
      tombstone: true,
      headers: { why: "gone" },
    })
    for (const [json, pointer] of [
      [{ tombstone: true }, "/key"],
      [{ key: "a", tombstone: true, body: 1 }, "/body"],
      [{ key: "a", tombstone: false }, "/tombstone"],
    ] as const) {
      expect(await scene.post(`${topic}/records`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    }
  })

  it("[H84] as much as the topic takes, and a key where it keeps the last of each", async () => {
    const topic = await scene.topic({ maxRecordBytes: 8 })
    await scene.append(topic, { key: "k", body: "1234567" })
    const tooLarge = problem(413, "payload_too_large", { limitBytes: 8 })
    expect(await scene.post(`${topic}/records`, { key: "k", body: "12345678" })).toMatchObject(tooLarge)
    const records = [{ body: "1" }, { body: "123456789" }]
    expect(await scene.post(`${topic}/records`, { records })).toMatchObject({
      status: 413,
      body: { limitBytes: 8, pointer: "/records/1" },
    })
    await scene.put(topic, { cleanup: "compact" })
    expect(await scene.post(`${topic}/records`, { body: "1" })).toMatchObject(
      problem(422, "invalid_field", { pointer: "/key" }),
    )
    await scene.append(topic, { key: "", body: "1" })
    expect(await read(topic)).toHaveLength(2)
  })
})

describe("a producer", () => {
  it("[H85] repeats without storing twice, in any of its partitions", async () => {
    const topic = await scene.topic({ partitions: 2 })
    const { producerId: id, epoch } = await openProducer()
    const batch = (partition: number, sequence: number) => ({
      records: upTo(3).map((n) => ({ body: sequence + n, partition })),
      producer: { id, epoch, sequence },
    })
    for (const partition of [0, 1]) {
      const first = await scene.post(`${topic}/records`, batch(partition, 0))
      const places = upTo(3).map((offset) => ({ partition, offset }))
      expect(first).toMatchObject({ status: 200, body: { records: places } })
      const second = await scene.post(`${topic}/records`, batch(partition, 3))
      expect(second.body).toEqual({ records: places.map((place) => ({ ...place, offset: place.offset + 3 })) })
      expect((await scene.post(`${topic}/records`, batch(partition, 0))).body).toEqual({
        records: places.map((place) => ({ ...place, repeated: true })),
      })
    }
    for (const partition of [0, 1]) expect((await read(topic, partition)).map(({ body }) => body)).toEqual(upTo(6))
  })

  it("[H86] that leaves something out, or was taken over, stores nothing", async () => {
    const topic = await scene.topic()
    const name = scene.newName()
    const first = await openProducer({ name })
    const append = (producer: { producerId: number; epoch: number }, sequence: number) =>
      scene.post(`${topic}/records`, {
        body: sequence,
        producer: { id: producer.producerId, epoch: producer.epoch, sequence },
      })
    expect((await append(first, 0)).status).toBe(200)
    expect(await append(first, 2)).toMatchObject(problem(409, "sequence_gap", { expectedSequence: 1 }))
    const second = await openProducer({ name })
    expect((await append(second, 0)).status).toBe(200)
    expect(await append(first, 1)).toMatchObject(problem(409, "fenced", { epoch: second.epoch }))
    expect((await read(topic)).map(({ body }) => body)).toEqual([0, 0])
  })

  it("[H87] or anybody may say which offset is expected", async () => {
    const topic = await scene.topic()
    const append = (expectedOffset: number) => scene.post(`${topic}/records`, { body: expectedOffset, expectedOffset })
    expect(await append(1)).toMatchObject(problem(412, "offset_mismatch", { endOffset: 0 }))
    expect(await append(0)).toMatchObject({ status: 200, body: { records: [{ partition: 0, offset: 0 }] } })
    expect(await append(0)).toMatchObject(problem(412, "offset_mismatch", { endOffset: 1 }))
    const attempts = await Promise.all(upTo(10).map(() => append(1)))
    expect(attempts.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await read(topic)).map(({ body }) => body)).toEqual([0, 1])
  })

  it("[H88] writes to one partition with a request", async () => {
    const topic = await scene.topic({ partitions: 2 })
    const records = upTo(2).map((partition) => ({ body: 1, partition }))
    const producer = { id: 1, epoch: 0, sequence: 0 }
    for (const [json, pointer] of [
      [{ records, producer }, "/producer"],
      [{ records, expectedOffset: 0 }, "/expectedOffset"],
      [{ body: 1, expectedOffset: 0 }, "/expectedOffset"],
    ] as const) {
      expect(await scene.post(`${topic}/records`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    }
    const { producerId: id, epoch } = await openProducer()
    const places = new Set<number>()
    for (const sequence of upTo(10)) {
      const answer = await scene.post(`${topic}/records`, { body: 1, producer: { id, epoch, sequence } })
      const { records: results } = answer.body as { records: Place[] }
      places.add(results[0]!.partition)
    }
    expect([...places]).toEqual([id % 2])
  })

  it("[H90] with a name is the same at the next epoch, without one a new one", async () => {
    const name = scene.newName()
    const first = await openProducer({ name })
    const second = await openProducer({ name })
    expect(second).toEqual({ producerId: first.producerId, epoch: first.epoch + 1 })
    const others = [await openProducer({ name: scene.newName() }), await openProducer(), await openProducer()]
    expect(new Set([first, ...others].map(({ producerId }) => producerId)).size).toBe(4)
    expect(await scene.request("POST", "/v1/producers")).toMatchObject({ status: 200 })
    expect(await scene.post("/v1/producers", { name: "a/b" })).toMatchObject(
      problem(422, "invalid_field", { pointer: "/name" }),
    )
  })
})

describe("an append without acknowledgement", () => {
  it("[H89] is answered at once and stored soon", async () => {
    const topic = await scene.topic()
    const answer = await scene.post(`${topic}/records?acks=none`, { records: upTo(5).map((body) => ({ body })) })
    expect(answer).toMatchObject({ status: 202, body: "" })
    await expect.poll(async () => (await read(topic)).map(({ body }) => body), { timeout: 20_000 }).toEqual(upTo(5))
    expect(await scene.post(`${topic}/records?acks=none`, { body: 1, partition: 1 })).toMatchObject(
      problem(422, "invalid_field", { pointer: "/partition" }),
    )
    expect((await scene.post(`${topic}/records?acks=all`, { body: 1 })).status).toBe(200)
    expect(await scene.post(`${topic}/records?acks=1`, { body: 1 })).toMatchObject(
      problem(422, "invalid_field", { pointer: "/acks" }),
    )
  })
})
