import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { MAX_MESSAGE_BYTES } from "../../src/core/limits.ts"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const { vectors } = JSON.parse(readFileSync("test/vectors/murmur2.json", "utf8")) as {
  readonly vectors: readonly { readonly key: string; readonly hash: number }[]
}

interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly body?: unknown
  readonly bodyBase64?: string
  readonly headers: Readonly<Record<string, string>>
}

interface Read {
  readonly records: readonly ReadRecord[]
  readonly nextOffset: number
  readonly endOffset: number
}

async function read(topic: string, query = "", partition = 0): Promise<Read> {
  const answer = await scene.get(`${topic}/partitions/${partition}/records${query}`)
  expect(answer.status).toBe(200)
  return answer.body as Read
}

const offsets = ({ records }: Read): number[] => records.map(({ offset }) => offset)
const bodies = ({ records }: Read): unknown[] => records.map(({ body }) => body)

describe("a topic", () => {
  it("[H32] is created, shown and deleted like a queue; its partitions can't be removed", async () => {
    const path = `/v1/topics/${scene.newName()}`
    const name = path.slice("/v1/topics/".length)
    const created = await scene.request("PUT", path, { json: { partitions: 3 } })
    expect(created).toMatchObject({ status: 201, body: { name, settings: { partitions: 3 } } })
    expect(created.headers.get("location")).toBe(path)
    for (const settings of [{}, { partitions: 3 }]) {
      expect(await scene.put(path, settings)).toMatchObject({ status: 200, body: created.body })
    }
    expect(await scene.put(path, { partitions: 2 })).toMatchObject(problem(409, "conflict"))
    const empty = { startOffset: 0, endOffset: 0, bytes: 0 }
    const partitions = upTo(3).map((partition) => ({ partition, ...empty }))
    expect(await scene.get(path)).toMatchObject({ status: 200, body: { settings: { partitions: 3 }, partitions } })
    await scene.append(path, { body: "x", partition: 1 })
    const { body } = await scene.get(path)
    expect(body).toMatchObject({ partitions: [empty, { startOffset: 0, endOffset: 1 }, empty] })
    expect(await scene.delete(path)).toMatchObject({ status: 204, body: "" })
    const notFound = problem(404, "not_found", { resource: "topic", name })
    expect(await scene.get(path)).toMatchObject(notFound)
    expect(await scene.delete(path)).toMatchObject(notFound)
    expect(await scene.post(`${path}/records`, { body: 1 })).toMatchObject(notFound)
    expect(await scene.get(`${path}/partitions/0/records`)).toMatchObject(notFound)
    expect(await scene.delete(`${path}/partitions/0/records?before=0`)).toMatchObject(notFound)
    expect(await scene.put(path)).toMatchObject({ status: 201, body: { settings: { partitions: 1 } } })
    expect(await read(path)).toEqual({ records: [], nextOffset: 0, endOffset: 0 })
  })

  it.each([0, 257, -1, 1.5, "1", null])("[H9] [H32] has no %j partitions", async (partitions) => {
    const path = `/v1/topics/${scene.newName()}`
    const expected = problem(422, "invalid_field", { pointer: "/partitions" })
    expect(await scene.put(path, { partitions })).toMatchObject(expected)
    expect((await scene.get(path)).status).toBe(404)
  })

  it("[H32] and a queue may have the same name", async () => {
    const name = scene.newName()
    for (const kind of ["queues", "topics"]) expect((await scene.put(`/v1/${kind}/${name}`)).status).toBe(201)
    expect((await scene.delete(`/v1/queues/${name}`)).status).toBe(204)
    expect((await scene.get(`/v1/topics/${name}`)).status).toBe(200)
  })
})

describe("append", () => {
  it("[H33] answers partition and offset of each record, in order", async () => {
    const topic = await scene.topic({ partitions: 4 })
    const records = upTo(400).map((n) => ({ body: n, partition: n % 4 }))
    expect(await scene.append(topic, ...records)).toEqual(
      upTo(400).map((n) => ({ partition: n % 4, offset: Math.floor(n / 4) })),
    )
    const single = await scene.post(`${topic}/records`, { body: "x", partition: 2 })
    expect(single).toMatchObject({ status: 200, body: { records: [{ partition: 2, offset: 100 }] } })
    expect(bodies(await read(topic, "", 3))).toEqual(upTo(100).map((n) => 4 * n + 3))
  })

  it("[H34] a key decides the partition as in Kafka", async () => {
    for (const partitions of [1, 7, 12]) {
      const topic = await scene.topic({ partitions })
      const keys = vectors.filter(({ key }) => new TextEncoder().encode(key).length <= 1024)
      const places = await scene.append(topic, ...keys.map(({ key }) => ({ key, body: key })))
      expect(keys.length).toBeGreaterThan(5)
      expect(places.map(({ partition }) => partition)).toEqual(keys.map(({ hash }) => (hash & 0x7fffffff) % partitions))
    }
  })

  it("[H34] the partition named comes before the key, and records with neither stay together", async () => {
    const topic = await scene.topic({ partitions: 12 })
    const [place] = await scene.append(topic, { key: "21", body: 1, partition: 5 })
    expect(place!.partition).toBe(5)
    const places = await scene.append(
      topic,
      ...upTo(50).map((body) => ({ body, key: body % 2 === 0 ? null : undefined })),
    )
    expect(new Set(places.map(({ partition }) => partition)).size).toBe(1)
  })

  it.each([
    [{}, "/body"],
    [{ body: 1, partition: 2 }, "/partition"],
    [{ body: 1, partition: 256 }, "/partition"],
    [{ body: 1, partition: -1 }, "/partition"],
    [{ body: 1, partition: 0.5 }, "/partition"],
    [{ body: 1, partition: null }, "/partition"],
    [{ body: 1, key: 5 }, "/key"],
    [{ body: 1, key: "x".repeat(1025) }, "/key"],
    [{ body: 1, groupId: "g" }, "/groupId"],
    [{ records: [] }, "/records"],
    [{ records: upTo(1001).map((body) => ({ body })) }, "/records"],
    [{ records: [{ body: 1 }], body: 1 }, "/body"],
    [
      {
        records: [
          { body: 1, partition: 0 },
          { body: 1, partition: 2 },
        ],
      },
      "/records/1/partition",
    ],
    [{ records: [{ body: 1 }, { body: 1, offset: 0 }] }, "/records/1/offset"],
    [{ records: [{ body: 1 }, { bodyBase64: "?" }] }, "/records/1/bodyBase64"],
  ])("[H9] [H33] %j is refused at %s, and nothing is appended", async (json, pointer) => {
    const topic = await scene.topic({ partitions: 2 })
    expect(await scene.post(`${topic}/records`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    const empty = { startOffset: 0, endOffset: 0, bytes: 0 }
    expect(await scene.get(topic)).toMatchObject({ body: { partitions: [empty, empty] } })
  })

  it("[H18] a record's value, key and headers are 1 MiB together at most", async () => {
    const topic = await scene.topic()
    const body = "x".repeat(MAX_MESSAGE_BYTES)
    await scene.append(topic, { body })
    const tooLarge = problem(413, "payload_too_large", { limitBytes: MAX_MESSAGE_BYTES })
    expect(await scene.post(`${topic}/records`, { body, key: "k" })).toMatchObject(tooLarge)
    await scene.append(topic, { body: body.slice(1), key: "k" })
    expect(bodies(await read(topic))).toEqual([body, body.slice(1)])
    expect(offsets(await read(topic, "?maxBytes=1"))).toEqual([0])
  })
})

describe("read", () => {
  it("[H35] answers records as they went in", async () => {
    const topic = await scene.topic()
    const askedAt = Date.now()
    await scene.append(
      topic,
      { body: "text", key: "ä", headers: { a: "1", ä: "" } },
      { bodyBase64: "AP8=", key: "" },
      { body: null, key: null },
      { body: { n: [1.5, "x"] } },
    )
    const { records, nextOffset, endOffset } = await read(topic)
    expect({ nextOffset, endOffset }).toEqual({ nextOffset: 4, endOffset: 4 })
    const timestamp = records[0]!.timestamp
    expect(timestamp).toBeGreaterThanOrEqual(askedAt - 1)
    expect(timestamp).toBeLessThanOrEqual(Date.now() + 1)
    expect(records).toEqual([
      { offset: 0, timestamp, key: "ä", body: "text", headers: { a: "1", ä: "" } },
      { offset: 1, timestamp, key: "", bodyBase64: "AP8=", headers: {} },
      { offset: 2, timestamp, key: null, body: null, headers: {} },
      { offset: 3, timestamp, key: null, body: { n: [1.5, "x"] }, headers: {} },
    ])
  })

  it("[H35] begins at the earliest, the latest or an offset, and says where to go on", async () => {
    const topic = await scene.topic()
    for (const part of upTo(5)) await scene.append(topic, ...upTo(20).map((n) => ({ body: 20 * part + n })))
    for (const query of ["", "?from=earliest", "?from=0"]) expect(offsets(await read(topic, query))).toEqual(upTo(100))
    expect(await read(topic, "?from=latest")).toEqual({ records: [], nextOffset: 100, endOffset: 100 })
    expect(await read(topic, "?from=100")).toEqual({ records: [], nextOffset: 100, endOffset: 100 })
    expect(await read(topic, "?from=99")).toMatchObject({ records: [{ offset: 99, body: 99 }], nextOffset: 100 })
    expect(await read(topic, "?from=33&maxRecords=1")).toMatchObject({ records: [{ offset: 33 }], nextOffset: 34 })
    for (const limit of ["maxRecords=7", "maxBytes=300"]) {
      const seen: number[] = []
      for (let from = 13; from < 100;) {
        const page = await read(topic, `?from=${from}&${limit}`)
        expect(page.records.length).toBeGreaterThan(0)
        expect(page.nextOffset).toBe(offsets(page).at(-1)! + 1)
        if (limit === "maxRecords=7") expect(page.records.length).toBeLessThanOrEqual(7)
        seen.push(...offsets(page))
        from = page.nextOffset
      }
      expect(seen).toEqual(upTo(100).slice(13))
    }
  })

  it("[H36] beyond the end is out of range, before the start is trimmed, and each says where the log is", async () => {
    const topic = await scene.topic()
    await scene.append(topic, ...upTo(10).map((body) => ({ body })))
    const path = `${topic}/partitions/0/records`
    const beyond = problem(416, "offset_out_of_range", { latestOffset: 10 })
    for (const from of [11, 1e15, Number.MAX_SAFE_INTEGER])
      expect(await scene.get(`${path}?from=${from}`)).toMatchObject(beyond)
    const trimmed = await scene.delete(`${path}?before=4`)
    expect(trimmed).toMatchObject({ status: 200, body: { startOffset: 4, endOffset: 10 } })
    for (const from of [0, 3]) {
      expect(await scene.get(`${path}?from=${from}`)).toMatchObject(
        problem(410, "offset_trimmed", { earliestOffset: 4 }),
      )
    }
    for (const query of ["", "?from=4"]) expect(offsets(await read(topic, query))).toEqual([4, 5, 6, 7, 8, 9])
    // trimming what is trimmed changes nothing; beyond the end is refused
    expect(await scene.delete(`${path}?before=2`)).toMatchObject({ status: 200, body: trimmed.body })
    expect(await scene.delete(`${path}?before=11`)).toMatchObject(beyond)
    const emptied = { startOffset: 10, endOffset: 10 }
    expect(await scene.delete(`${path}?before=10`)).toMatchObject({ status: 200, body: emptied })
    expect(await read(topic)).toEqual({ records: [], nextOffset: 10, endOffset: 10 })
    expect(await scene.append(topic, { body: "next" })).toEqual([{ partition: 0, offset: 10 }])
  })

  it("[H37] a partition that the topic does not have is not found, one that is no number no partition", async () => {
    const topic = await scene.topic({ partitions: 2 })
    const name = topic.slice("/v1/topics/".length)
    for (const partition of ["2", "256", "999999"]) {
      const expected = problem(404, "not_found", { resource: "partition", name: `${name}/${partition}` })
      expect(await scene.get(`${topic}/partitions/${partition}/records`)).toMatchObject(expected)
      expect(await scene.delete(`${topic}/partitions/${partition}/records?before=0`)).toMatchObject(expected)
    }
    for (const partition of ["-1", "1.0", "01", "x", "1e0", "%20", "9999999"]) {
      const expected = problem(400, "invalid_request")
      expect(await scene.get(`${topic}/partitions/${partition}/records`)).toMatchObject(expected)
      expect(await scene.delete(`${topic}/partitions/${partition}/records?before=0`)).toMatchObject(expected)
    }
  })

  it.each([
    ["?from=--1", "/from"],
    ["?from=1.5", "/from"],
    ["?from=", "/from"],
    ["?from=first", "/from"],
    ["?from=9007199254740992", "/from"],
    ["?maxRecords=0", "/maxRecords"],
    ["?maxRecords=1001", "/maxRecords"],
    ["?maxBytes=0", "/maxBytes"],
    ["?maxBytes=4194305", "/maxBytes"],
    ["?from=0&from=1", "/from"],
  ])("[H5] [H9] %s is refused", async (query, pointer) => {
    const topic = await scene.topic()
    const expected = problem(422, "invalid_field", { pointer })
    expect(await scene.get(`${topic}/partitions/0/records${query}`)).toMatchObject(expected)
  })

  it.each(["", "?before=", "?before=-1", "?before=x", "?before=9007199254740993", "?before=1&before=1"])(
    "[H9] a trim with %s is refused",
    async (query) => {
      const topic = await scene.topic()
      await scene.append(topic, { body: 1 })
      const expected = problem(422, "invalid_field", { pointer: "/before" })
      expect(await scene.delete(`${topic}/partitions/0/records${query}`)).toMatchObject(expected)
      expect(offsets(await read(topic))).toEqual([0])
    },
  )
})
