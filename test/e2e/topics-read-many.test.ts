import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const SETTLED_MS = 300
const LONG_MS = 60_000

interface PartitionRead {
  readonly partition: number
  readonly records?: readonly { readonly body: unknown }[]
  readonly nextOffset?: number
  readonly endOffset?: number
  readonly problem?: { readonly code: string }
}

async function read(topic: string, query = ""): Promise<readonly PartitionRead[]> {
  const answer = await scene.get(`${topic}/records${query}`)
  expect(answer.status).toBe(200)
  return (answer.body as { partitions: PartitionRead[] }).partitions
}

const bodies = (parts: readonly PartitionRead[]): unknown[] =>
  parts.map(({ records }) => records?.map(({ body }) => body) ?? null)

/** Three partitions, of which n has n + 1 records. */
async function threePartitions(): Promise<string> {
  const topic = await scene.topic({ partitions: 3 })
  for (const partition of upTo(3)) {
    await scene.append(topic, ...upTo(partition + 1).map((n) => ({ body: `${partition}.${n}`, partition })))
  }
  return topic
}

describe("several partitions", () => {
  it("[H66] all of them, or those that are named, in the order asked for", async () => {
    const topic = await threePartitions()
    const all = await read(topic)
    expect(all.map(({ partition }) => partition)).toEqual([0, 1, 2])
    expect(bodies(all)).toEqual([["0.0"], ["1.0", "1.1"], ["2.0", "2.1", "2.2"]])
    expect(bodies(await read(topic, "?partitions=2,0"))).toEqual([["2.0", "2.1", "2.2"], ["0.0"]])
    expect(bodies(await read(topic, "?from=-1"))).toEqual([["0.0"], ["1.1"], ["2.2"]])
    const one = await scene.get(`${topic}/partitions/2/records`)
    expect((await read(topic, "?partitions=2"))[0]).toEqual({ partition: 2, ...(one.body as object) })
  })

  it("[H66] each from its own place, and one that can't be read spoils no other", async () => {
    const topic = await threePartitions()
    const parts = await read(topic, "?partitions=0,2,1,7&from=9,1,latest,0")
    expect(parts).toMatchObject([
      { partition: 0, problem: { code: "offset_out_of_range", latestOffset: 1 } },
      { partition: 2, records: [{ body: "2.1" }, { body: "2.2" }], nextOffset: 3, endOffset: 3 },
      { partition: 1, records: [], nextOffset: 2 },
      { partition: 7, problem: { code: "not_found" } },
    ])
  })

  it("[H66] the limits are shared, and going on misses nothing", async () => {
    const topic = await scene.topic({ partitions: 3 })
    for (const partition of upTo(3)) {
      await scene.append(topic, ...upTo(50).map((n) => ({ body: n, partition })))
    }
    const seen: unknown[][] = [[], [], []]
    const next = [0, 0, 0]
    while (next.some((offset) => offset < 50)) {
      const parts = await read(topic, `?partitions=0,1,2&from=${next.join(",")}&maxRecords=21`)
      for (const { partition, records = [], nextOffset = 0 } of parts) {
        expect(records.length).toBeLessThanOrEqual(7)
        seen[partition]!.push(...records.map(({ body }) => body))
        next[partition] = nextOffset
      }
    }
    expect(seen).toEqual([upTo(50), upTo(50), upTo(50)])
  })

  it("[H66] the first that has something ends the wait for all", async () => {
    const topic = await scene.topic({ partitions: 4 })
    const waiting = read(topic, `?waitMs=${LONG_MS}&key=k`)
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: "other", partition: 1, key: "x" })
    await scene.append(topic, { body: "here", partition: 2, key: "k" })
    expect(bodies(await waiting)).toEqual([[], [], ["here"], []])
    const askedAt = performance.now()
    expect(bodies(await read(topic, "?from=latest&waitMs=500"))).toEqual([[], [], [], []])
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(499)
    // a problem is something to tell
    expect(await read(topic, `?from=9&waitMs=${LONG_MS}`)).toHaveLength(4)
  })

  it.each([
    ["partitions=", "/partitions"],
    ["partitions=0,", "/partitions"],
    ["partitions=a", "/partitions"],
    ["partitions=0,00", "/partitions"],
    [`partitions=${upTo(17).join(",")}`, "/partitions"],
    ["from=x", "/from"],
    ["from=0,0", "/from"],
    ["partitions=0,1&from=0,0,0", "/from"],
    ["before=1", "/before"],
  ])("[H66] %s is refused", async (query, pointer) => {
    const topic = await scene.topic({ partitions: 3 })
    expect(await scene.get(`${topic}/records?${query}`)).toMatchObject(problem(422, "invalid_field", { pointer }))
  })

  it("[H66] a topic of many partitions is read by some of them; one that is not there not at all", async () => {
    const topic = await scene.topic({ partitions: 17 })
    const refused = problem(422, "invalid_field", { pointer: "/partitions" })
    expect(await scene.get(`${topic}/records`)).toMatchObject(refused)
    expect(await read(topic, `?partitions=${upTo(16).join(",")}`)).toHaveLength(16)
    for (const query of ["", "?partitions=0,1"]) {
      const gone = problem(404, "not_found", { resource: "topic" })
      expect(await scene.get(`/v1/topics/nowhere/records${query}`)).toMatchObject(gone)
    }
  })
})

describe("offsets", () => {
  it("[H70] where each partition begins and ends", async () => {
    const topic = await threePartitions()
    await scene.delete(`${topic}/partitions/2/records?before=1`)
    const shown = await scene.get(`${topic}/offsets`)
    expect(shown).toMatchObject({
      status: 200,
      body: {
        partitions: [
          { partition: 0, startOffset: 0, endOffset: 1 },
          { partition: 1, startOffset: 0, endOffset: 2 },
          { partition: 2, startOffset: 1, endOffset: 3 },
        ],
      },
    })
    const { partitions } = shown.body as { partitions: Record<string, number>[] }
    for (const partition of partitions) {
      expect(Object.keys(partition)).toEqual(["partition", "startOffset", "endOffset", "bytes", "lastAppendedAt"])
      expect(partition["bytes"]).toBeGreaterThan(0)
    }
  })

  it("[H70] and where the records of a time begin", async () => {
    const topic = await scene.topic({ partitions: 2 })
    await scene.append(topic, { body: "old", partition: 0 })
    await sleep(20)
    await scene.append(topic, { body: "new", partition: 0 })
    const stored = await scene.get(`${topic}/partitions/0/records`)
    const [old, young] = (stored.body as { records: { timestamp: number }[] }).records
    const at = async (timestamp: number) => (await scene.get(`${topic}/offsets?timestamp=${timestamp}`)).body
    const empty = { partition: 1, offset: 0, timestamp: null }
    expect(await at(0)).toMatchObject({ partitions: [{ offset: 0, timestamp: old!.timestamp }, empty] })
    expect(await at(old!.timestamp + 1)).toMatchObject({
      partitions: [{ offset: 1, timestamp: young!.timestamp }, empty],
    })
    expect(await at(young!.timestamp + 1)).toMatchObject({ partitions: [{ offset: 2, timestamp: null }, empty] })
    const refused = problem(422, "invalid_field", { pointer: "/timestamp" })
    for (const timestamp of ["x", "-1", "", "8640000000000001"]) {
      expect(await scene.get(`${topic}/offsets?timestamp=${timestamp}`)).toMatchObject(refused)
    }
    expect(await scene.get("/v1/topics/nowhere/offsets")).toMatchObject(problem(404, "not_found"))
  })
})

describe("keys", () => {
  it("[H72] where nothing is compacted there is no newest record of a key", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: 1, key: "k" })
    expect(await scene.get(`${topic}/keys/k`)).toMatchObject(problem(409, "conflict"))
    const long = `${topic}/keys/${"k".repeat(1025)}`
    expect(await scene.get(long)).toMatchObject(problem(400, "invalid_request"))
    expect(await scene.get("/v1/topics/nowhere/keys/k")).toMatchObject(problem(404, "not_found"))
  })

  it("[H72] the newest record of a key, as a read shows it", async () => {
    const topic = await scene.topic({ partitions: 3, cleanup: "compact" })
    const key = "straße/a b?"
    const path = `${topic}/keys/${encodeURIComponent(key)}`
    expect(await scene.get(path)).toMatchObject(problem(404, "not_found"))
    for (const n of upTo(5)) {
      const [place] = await scene.append(
        topic,
        { body: { n }, key, headers: { n: String(n) } },
        { body: "x", key: `${n}` },
      )
      const record = await scene.get(path)
      expect(record).toMatchObject({ status: 200, body: { ...place, key, body: { n }, headers: { n: String(n) } } })
      const read = await scene.get(`${topic}/partitions/${place!.partition}/records?from=${place!.offset}&maxRecords=1`)
      const [shown] = (read.body as { records: object[] }).records
      expect(record.body).toEqual({ partition: place!.partition, ...shown })
    }
    for (const n of upTo(5))
      expect(await scene.get(`${topic}/keys/${n}`)).toMatchObject({ body: { key: `${n}`, body: "x" } })
    await scene.append(topic, { key, tombstone: true })
    expect(await scene.get(path)).toMatchObject(problem(404, "not_found"))
  })
})
