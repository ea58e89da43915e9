import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import { batchOf, valueOf } from "./support.ts"

const VERSION = 3
let serial = 0

type Stub = ReturnType<typeof env.PARTITIONS.getByName>

async function newPartition(): Promise<Stub> {
  const stub = env.PARTITIONS.getByName(`default/topic-${serial++}/0`)
  await stub.init({ incarnation: VERSION, version: VERSION, settings: DEFAULT_TOPIC_SETTINGS })
  return stub
}

async function append(stub: Stub, ...bodies: string[]): Promise<number | null> {
  const appended = await stub.append(VERSION, batchOf(bodies), null)
  if (!appended.ok) throw new Error(appended.error.code)
  return appended.value.baseOffset
}

async function read(stub: Stub, offset: number, maxRecords = 1000, maxBytes = 1024 * 1024) {
  const answered = await stub.read(VERSION, { offset, maxRecords, maxBytes })
  if (!answered.ok) return answered.error
  const { rows, ...rest } = answered.value
  const { records, damaged } = readRecords(rows, offset, maxRecords)
  return {
    ...rest,
    damagedFrames: damaged,
    offsets: records.map(({ entry }) => entry.offset),
    bodies: records.map(({ record }) => valueOf(record)),
  }
}

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${from + index} ${"x".repeat(200)}`)

describe("a partition", () => {
  it("[S1] gives contiguous offsets, through evictions", async () => {
    const stub = await newPartition()
    expect(await append(stub, "a", "b")).toBe(0)
    await evictDurableObject(stub)
    expect(await append(stub, "c")).toBe(2)
    expect(await read(stub, 0)).toMatchObject({ bodies: ["a", "b", "c"], offsets: [0, 1, 2], endOffset: 3 })
    expect(await read(stub, 1)).toMatchObject({ bodies: ["b", "c"] })
  })

  it("[S2] reads from every offset over many rows, within the limits asked for", async () => {
    const stub = await newPartition()
    for (let from = 0; from < 500; from += 50) await append(stub, ...numbered(from, 50))
    for (const offset of [0, 1, 49, 50, 251, 499]) {
      const answered = await read(stub, offset, 7)
      expect(answered).toMatchObject({
        offsets: Array.from({ length: Math.min(7, 500 - offset) }, (_, i) => offset + i),
      })
    }
    const small = await read(stub, 0, 1000, 1)
    expect(small).toMatchObject({ offsets: [0], nextOffset: 1 })
    expect(await read(stub, 500)).toMatchObject({ bodies: [], nextOffset: 500, endOffset: 500 })
  })

  it("[S3] never jumps silently: outside the log the answer says where it begins or ends", async () => {
    const stub = await newPartition()
    await append(stub, "a", "b", "c")
    expect(await read(stub, 4)).toEqual({ code: "offset_out_of_range", latestOffset: 3 })
    await stub.trim(VERSION, 2)
    expect(await read(stub, 1)).toEqual({ code: "offset_trimmed", earliestOffset: 2 })
    expect(await read(stub, 2)).toMatchObject({ bodies: ["c"], startOffset: 2 })
    expect(await stub.trim(VERSION, 9)).toMatchObject({ ok: false, error: { code: "offset_out_of_range" } })
  })

  it("[S4] trims in slices, keeps its end, and survives eviction in between", async () => {
    const stub = await newPartition()
    for (let from = 0; from < 3000; from += 20) await append(stub, ...numbered(from, 20))
    await append(stub, ...numbered(3000, 20))
    const trimmed = await stub.trim(VERSION, 3020)
    expect(trimmed).toMatchObject({ ok: true, value: { startOffset: 3020, endOffset: 3020 } })
    await evictDurableObject(stub)
    const rowsLeft = () =>
      runInDurableObject(stub, (_, state) => Number(state.storage.sql.exec("SELECT count(*) AS n FROM log").one()["n"]))
    await expect.poll(rowsLeft, { timeout: 5000 }).toBe(1)
    await evictDurableObject(stub)
    expect(await append(stub, "next")).toBe(3020)
    expect(await read(stub, 3020)).toMatchObject({ bodies: ["next"], startOffset: 3020 })
  })

  it("[S4] the row that was left for its counters goes once another has them", async () => {
    const stub = await newPartition()
    await append(stub, ...numbered(0, 20))
    await stub.trim(VERSION, 20)
    const rows = () =>
      runInDurableObject(stub, (_, { storage }) =>
        storage.sql
          .exec("SELECT base_offset FROM log")
          .toArray()
          .map((row) => row["base_offset"]),
      )
    expect(await rows()).toEqual([0])
    await append(stub, ...numbered(20, 20))
    await expect.poll(rows, { timeout: 10_000 }).toEqual([20])
    await evictDurableObject(stub)
    expect(await read(stub, 20)).toMatchObject({ startOffset: 20, endOffset: 40 })
  })

  it("[S5] reports a damaged row and a damaged frame with their offsets, and serves the others", async () => {
    const stub = await newPartition()
    await append(stub, ...numbered(0, 20))
    await append(stub, ...numbered(20, 20))
    await append(stub, ...numbered(40, 20))
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE log SET header = zeroblob(40) WHERE base_offset = 20")
      const frames = new Uint8Array(
        state.storage.sql.exec("SELECT frames FROM log WHERE base_offset = 40").one()["frames"] as ArrayBuffer,
      )
      frames[30]! ^= 1
      state.storage.sql.exec("UPDATE log SET frames = ? WHERE base_offset = 40", frames)
    })
    expect(await read(stub, 0)).toMatchObject({
      damaged: [{ firstOffset: 20, lastOffset: 39 }],
      damagedFrames: [{ firstOffset: 40, lastOffset: 40 }],
      offsets: [...Array.from({ length: 20 }, (_, i) => i), ...Array.from({ length: 19 }, (_, i) => 41 + i)],
    })
  })

  it("[N1] was never created: answers not_found and writes nothing", async () => {
    const stub = env.PARTITIONS.getByName("default/nothing/0")
    expect(await stub.append(1, batchOf(["x"]), null)).toMatchObject({ ok: false, error: { code: "not_found" } })
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })
})
