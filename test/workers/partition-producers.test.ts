import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import type { AppendTerms } from "../../src/core/stream/commands.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../src/core/stream/settings.ts"
import { batchOf, valueOf } from "./support.ts"

const VERSION = 3
let serial = 0

type Stub = ReturnType<typeof env.PARTITIONS.getByName>

async function newPartition(settings: Partial<TopicSettings> = {}): Promise<Stub> {
  const stub = env.PARTITIONS.getByName(`default/kept-${serial++}/0`)
  await stub.init({ incarnation: VERSION, version: VERSION, settings: { ...DEFAULT_TOPIC_SETTINGS, ...settings } })
  return stub
}

const by = (epoch: number, sequence: number): AppendTerms => {
  return { producer: { producerId: 7, epoch, sequence }, expectedOffset: null }
}

async function bodiesOf(stub: Stub, offset = 0): Promise<string[]> {
  const read = await stub.read(VERSION, { offset, maxRecords: 1000, maxBytes: 1024 * 1024 })
  if (!read.ok) throw new Error(read.error.code)
  return readRecords(read.value.rows, offset, 1000).records.map(({ record }) => valueOf(record))
}

const rowsOf = (stub: Stub): Promise<number> =>
  runInDurableObject(stub, (_, state) => Number(state.storage.sql.exec("SELECT count(*) AS n FROM log").one()["n"]))

describe("producers of a partition", () => {
  it("[S6] [S7] [S8] are known after every eviction: repeats, gaps and those who were replaced", async () => {
    const stub = await newPartition()
    const append = (body: string, terms: AppendTerms) => stub.append(VERSION, batchOf([body]), terms)
    expect(await append("a", by(0, 0))).toMatchObject({ ok: true, value: { baseOffset: 0, repeated: false } })
    await evictDurableObject(stub)
    expect(await append("a", by(0, 0))).toMatchObject({ ok: true, value: { baseOffset: 0, repeated: true } })
    expect(await append("b", by(0, 1))).toMatchObject({ ok: true, value: { baseOffset: 1, repeated: false } })
    await evictDurableObject(stub)
    expect(await append("d", by(0, 3))).toMatchObject({ error: { code: "sequence_gap", expectedSequence: 2 } })
    expect(await append("c", by(1, 0))).toMatchObject({ ok: true, value: { baseOffset: 2, repeated: false } })
    await evictDurableObject(stub)
    expect(await append("late", by(0, 2))).toMatchObject({ error: { code: "fenced", epoch: 1 } })
    expect(await bodiesOf(stub)).toEqual(["a", "b", "c"])
  })

  it("[S6] send a batch many times at once, and it is stored once", async () => {
    const stub = await newPartition()
    const batch = batchOf(["a", "b"])
    const replies = await Promise.all(Array.from({ length: 20 }, () => stub.append(VERSION, batch, by(0, 0))))
    expect(replies.map((reply) => reply.ok && reply.value.baseOffset)).toEqual(Array.from({ length: 20 }, () => 0))
    expect(replies.filter((reply) => reply.ok && !reply.value.repeated)).toHaveLength(1)
    expect(await bodiesOf(stub)).toEqual(["a", "b"])
  })

  it("[S12] append at an offset: of many at once one wins", async () => {
    const stub = await newPartition()
    const terms = { producer: null, expectedOffset: 0 }
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => stub.append(VERSION, batchOf([`${index}`]), terms)),
    )
    expect(replies.filter((reply) => reply.ok)).toHaveLength(1)
    expect(replies.find((reply) => !reply.ok)).toMatchObject({ error: { code: "offset_mismatch", endOffset: 1 } })
    expect(await bodiesOf(stub)).toHaveLength(1)
  })

  it("[S9] leave nothing in memory or storage when the partition begins another life", async () => {
    const stub = await newPartition()
    await stub.append(VERSION, batchOf(["a"]), by(4, 0))
    await stub.destroy(VERSION)
    const version = VERSION + 1
    await stub.init({ incarnation: version, version, settings: DEFAULT_TOPIC_SETTINGS })
    expect(await stub.append(version, batchOf(["b"]), by(0, 0))).toMatchObject({ ok: true, value: { baseOffset: 0 } })
  })
})

describe("producer ids", () => {
  it("[S11] are given once; a name keeps its id and gets the next epoch, through evictions", async () => {
    const catalog = env.CATALOG.getByName(`producers-${serial++}`)
    const open = async (name: string | null) => {
      const opened = await catalog.openProducer(name)
      if (!opened.ok) throw new Error(opened.error.code)
      return opened.value
    }
    const first = await open("a")
    expect(first.epoch).toBe(0)
    await evictDurableObject(catalog)
    expect(await open("a")).toEqual({ producerId: first.producerId, epoch: 1 })
    const many = await Promise.all([open("b"), open(null), open(null), open("c"), open("a")])
    expect(many[4]).toEqual({ producerId: first.producerId, epoch: 2 })
    expect(new Set(many.map(({ producerId }) => producerId)).size).toBe(5)
    expect(many.slice(0, 4).map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0])
  })
})

describe("retention of a partition", () => {
  const large = "x".repeat(5_000)

  it("[S13] is the alarm's work, also for an object that was evicted", { timeout: 60_000 }, async () => {
    const stub = await newPartition({ retentionMs: 1_000 })
    // of one age, in rows of their own for their size
    await stub.append(VERSION, batchOf(["a", "b", "c"].map((body) => body.repeat(600_000))), null)
    await evictDurableObject(stub)
    // a look into storage is no command: nothing but the alarm makes the object do its work
    await expect.poll(() => rowsOf(stub), { timeout: 50_000 }).toBe(1)
    await expect
      .poll(() => stub.statistics(VERSION), { timeout: 50_000 })
      .toMatchObject({ ok: true, value: { startOffset: 3, endOffset: 3 } })
    await evictDurableObject(stub)
    expect(await stub.append(VERSION, batchOf(["d"]), null)).toMatchObject({ ok: true, value: { baseOffset: 3 } })
  })

  it("[S15] goes by settings that are altered while it runs", async () => {
    const stub = await newPartition({ retentionMs: null })
    for (const body of ["a", "b", "c", "d"]) await stub.append(VERSION, batchOf([body + large]), null)
    const settings = { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null, retentionBytes: 10_000 }
    await stub.configure({ incarnation: VERSION, version: VERSION + 1, settings })
    expect(await stub.statistics(VERSION + 1)).toMatchObject({ value: { startOffset: 2, endOffset: 4 } })
    await evictDurableObject(stub)
    expect(await rowsOf(stub)).toBe(2)
  })

  it("[S15] takes the defaults where the settings are of a time before there were others", async () => {
    const stub = env.PARTITIONS.getByName(`default/kept-${serial++}/0`)
    const settings = { partitions: 1 } as TopicSettings
    await stub.init({ incarnation: VERSION, version: VERSION, settings })
    await stub.append(VERSION, batchOf(["a"]), null)
    await evictDurableObject(stub)
    const alarmAt = await runInDurableObject(stub, (_, state) => state.storage.getAlarm())
    expect(alarmAt! - Date.now()).toBeGreaterThan(DEFAULT_TOPIC_SETTINGS.retentionMs! - 600_000)
    expect(await bodiesOf(stub)).toEqual(["a"])
  })
})

describe("a partition that is asked for a time", () => {
  it("[S16] answers the first offset of that time, and the end beyond it", async () => {
    const stub = await newPartition()
    expect(await stub.offsetAt(VERSION, 0)).toEqual({ ok: true, value: { offset: 0, timestamp: null } })
    const times: number[] = []
    for (const body of ["a", "b", "c"]) {
      const appended = await stub.append(VERSION, batchOf([body]), null)
      if (!appended.ok) throw new Error(appended.error.code)
      times.push(appended.value.appendedAt)
    }
    await evictDurableObject(stub)
    for (const time of times) {
      expect(await stub.offsetAt(VERSION, time)).toEqual({
        ok: true,
        value: { offset: times.indexOf(time), timestamp: time },
      })
    }
    const last = times.at(-1)!
    expect(await stub.offsetAt(VERSION, last + 1)).toEqual({ ok: true, value: { offset: 3, timestamp: null } })
    expect(await stub.statistics(VERSION)).toMatchObject({ value: { lastAppendedAt: last } })
    expect(await stub.offsetAt(VERSION - 1, 0)).toMatchObject({ error: { code: "stale_metadata" } })
  })

  it("[S19] answers which reads are sealed, with the generation of the log", async () => {
    const stub = await newPartition()
    await stub.append(VERSION, batchOf(["x".repeat(5_000)]), null)
    await stub.append(VERSION, batchOf(["small"]), null)
    const read = (offset: number, maxRecords: number) =>
      stub.read(VERSION, { offset, maxRecords, maxBytes: 1024 * 1024 })
    expect(await read(0, 1)).toMatchObject({ value: { sealed: true, compactions: 0 } })
    expect(await read(0, 2)).toMatchObject({ value: { sealed: false } })
    expect(await read(2, 2)).toMatchObject({ value: { sealed: false, nextOffset: 2 } })
  })
})
