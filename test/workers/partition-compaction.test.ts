import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { iterateRows } from "../../src/core/log/row.ts"
import { readRecords } from "../../src/core/log/read.ts"
import { SubmissionWriter } from "../../src/core/log/submission.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../src/core/stream/settings.ts"
import { ObjectSocket } from "./object-socket.ts"
import { batchOf, textOf, valueOf } from "./support.ts"

const encoder = new TextEncoder()
const PATIENCE = { timeout: 20_000, interval: 50 }
const FILLER = "x".repeat(5_000)
/** Nothing is compacted while a log is being filled. */
const WAITING: Partial<TopicSettings> = { cleanup: "compact", minCompactionLagMs: 1_000_000 }
const KEYS = 10
let serial = 0

/** A compacted partition, with the version that the next call has to name. */
class CompactedPartition {
  readonly #name = `default/compacted-${serial++}/0`
  version = 1
  #settings: TopicSettings = DEFAULT_TOPIC_SETTINGS

  /** Made anew for every call: one that met an abort leads nowhere. */
  get stub() {
    return env.PARTITIONS.getByName(this.#name)
  }

  static async open(settings: Partial<TopicSettings> = WAITING): Promise<CompactedPartition> {
    const partition = new CompactedPartition()
    partition.#settings = { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null, ...settings }
    await partition.stub.init({ incarnation: 1, version: 1, settings: partition.#settings })
    return partition
  }

  async change(settings: Partial<TopicSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...settings }
    this.version++
    await this.stub.configure({ incarnation: 1, version: this.version, settings: this.#settings })
  }

  /** A row for each of `count` records, under `KEYS` keys in turn. */
  async fill(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const appended = await this.stub.append(
        this.version,
        batchOf([`${index} ${FILLER}`], [`key ${index % KEYS}`]),
        null,
      )
      if (!appended.ok) throw new Error(appended.error.code)
    }
  }

  async read(offset: number, maxRecords = 1000) {
    const read = await this.stub.read(this.version, { offset, maxRecords, maxBytes: 4 * 1024 * 1024 })
    if (!read.ok) throw new Error(read.error.code)
    const { records } = readRecords(read.value.rows, offset, maxRecords)
    return { ...read.value, offsets: records.map(({ entry }) => entry.offset), records }
  }

  async latest(key: string): Promise<string> {
    const found = await this.stub.latest(this.version, encoder.encode(key))
    if (!found.ok) return found.error.code
    return found.value.isTombstone ? "tombstone" : textOf(found.value.frame).replace(FILLER, "").trim()
  }

  async databaseSize(): Promise<number> {
    return runInDurableObject(this.stub, (_, state) => state.storage.sql.databaseSize)
  }

  /** Ends the object in the middle of a transaction, behind whatever compaction did in it. */
  async abort(): Promise<void> {
    await runInDurableObject(this.stub, (instance) => {
      const broken = instance as unknown as { writeCommit: () => boolean }
      broken.writeCommit = () => {
        throw new Error("planted by a test")
      }
    })
    // unless a slice came first, and ended that instance
    await this.stub.statistics(this.version).catch(() => {})
  }

  /** Waits until nothing but the last `count` records are left, as they were appended one after the other. */
  async untilLast(count: number, between: () => Promise<void> = async () => {}): Promise<void> {
    await expect
      .poll(async () => {
        await between()
        const { offsets, endOffset } = await this.read(0)
        return endOffset - count === offsets[0] && offsets.length === count
      }, PATIENCE)
      .toBe(true)
  }
}

describe("a compacted partition", () => {
  it("[S32] [S35] [S38] compacts by itself, gives its space back and finds the newest record of a key", async () => {
    const partition = await CompactedPartition.open()
    await partition.fill(300)
    const before = await partition.databaseSize()
    expect((await partition.read(0)).offsets).toHaveLength(300)
    expect(await partition.latest("key 3")).toBe("293")
    await partition.change({ minCompactionLagMs: 0 })
    await partition.untilLast(KEYS)
    expect(await partition.databaseSize()).toBeLessThan(before / 5)
    expect(await partition.latest("key 3")).toBe("293")
    expect(await partition.latest("key 99")).toBe("not_found")
    const { compactions, endOffset } = await partition.read(0)
    expect(compactions).toBeGreaterThan(0)
    expect(endOffset).toBe(300)
  })

  it("[S33] goes on after evictions and aborts in the middle", async () => {
    const partition = await CompactedPartition.open()
    await partition.fill(300)
    await partition.change({ minCompactionLagMs: 0 })
    for (let aborts = 0; aborts < 3; aborts++) {
      await partition.abort()
      const answers = () => partition.read(0).then(Boolean, () => false)
      await expect.poll(answers, PATIENCE).toBe(true)
    }
    // one that was just aborted is not there to be evicted
    await partition.untilLast(KEYS, () => evictDurableObject(partition.stub).catch(() => {}))
    const { records } = await partition.read(0)
    expect(records.map(({ record }) => valueOf(record).replace(FILLER, "").trim())).toEqual(
      Array.from({ length: KEYS }, (_, index) => `${290 + index}`),
    )
  })

  it("[S36] [S37] lets a tombstone go after its time, without anybody asking", async () => {
    const partition = await CompactedPartition.open({ cleanup: "compact", deleteRetentionMs: 200 })
    await partition.fill(4)
    await partition.stub.append(partition.version, tombstones("key 0", "key 1"), null)
    expect(await partition.latest("key 0")).toBe("tombstone")
    for (const key of ["p", "q", "r", "s", "t", "u"])
      await partition.stub.append(partition.version, batchOf([FILLER], [key]), null)
    await expect.poll(async () => (await partition.read(0)).offsets, PATIENCE).toEqual([2, 3, 6, 7, 8, 9, 10, 11])
  })

  it("[S39] is read across its gaps, by offset and by subscription", async () => {
    const partition = await CompactedPartition.open()
    await partition.fill(60)
    await partition.change({ minCompactionLagMs: 0 })
    await partition.untilLast(KEYS)
    expect(await partition.read(17, 1)).toMatchObject({ offsets: [50], nextOffset: 51, endOffset: 60 })
    const socket = await ObjectSocket.open(partition)
    socket.send({ type: "subscribe-partition", sub: 1, from: 17, grantedMessages: 1_000, grantedBytes: 1_000_000 })
    const seen: number[] = []
    for (let nextOffset = 17; nextOffset < 60;) {
      const { operation, blob } = await socket.take("rows")
      if (operation.type !== "rows") throw new Error(operation.type)
      for (const { header } of iterateRows(blob)) seen.push(...header.entries.map(({ offset }) => offset))
      expect(operation.fromOffset).toBe(nextOffset)
      nextOffset = operation.nextOffset
    }
    expect(seen).toEqual(Array.from({ length: KEYS }, (_, index) => 50 + index))
    socket.close()
  })

  it("[S41] builds its index first where it was not compacted before", async () => {
    const partition = await CompactedPartition.open({ cleanup: "delete" })
    await partition.fill(120)
    expect(await partition.latest("key 3")).toBe("conflict")
    await partition.change({ cleanup: "compact" })
    await expect.poll(() => partition.latest("key 3"), PATIENCE).toBe("113")
    await partition.untilLast(KEYS)
  })
})

function tombstones(...keys: readonly string[]): Uint8Array {
  const writer = new SubmissionWriter()
  for (const key of keys) {
    writer.add({
      format: "tombstone",
      value: new Uint8Array(0),
      key: encoder.encode(key),
      headers: [],
      producedAt: null,
    })
  }
  return writer.finish()
}
