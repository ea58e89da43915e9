import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import {
  byNumber,
  eventually,
  HttpMember,
  LONG_MS,
  nameOf,
  outcomes,
  newGroup,
  settled,
} from "../support/http-groups.ts"
import { HttpShare, type SharedRecord } from "../support/http-shares.ts"

const scene = new HttpScene()
/** Long enough for a receive to have begun to wait. */
const SETTLED_MS = 300

async function filled(partitions: number, each: number): Promise<string> {
  const topic = await scene.topic({ partitions })
  const records = upTo(partitions * each).map((n) => ({
    body: n,
    key: `k${n}`,
    headers: { n: `${n}` },
    partition: n % partitions,
  }))
  if (each > 0) await scene.append(topic, ...records)
  return topic
}

const bodiesOf = (records: readonly SharedRecord[]): unknown[] => records.map(({ body }) => body).toSorted(byNumber)
const receiptsOf = (entries: readonly { receipt: string }[]): string[] => entries.map(({ receipt }) => receipt)

describe.concurrent("a share group's receive", () => {
  it("[H110] answers records as they were appended, locked for the others", async () => {
    const topic = await filled(1, 5)
    const share = await HttpShare.create(scene, topic)
    const { records, ranges } = await share.receive({ maxMessages: 3 })
    expect(records).toMatchObject([
      { partition: 0, offset: 0, key: "k0", body: 0, headers: { n: "0" }, deliveryCount: 1 },
      { partition: 0, offset: 1, key: "k1", body: 1 },
      { partition: 0, offset: 2, key: "k2", body: 2 },
    ])
    expect(Math.abs(records[0]!.timestamp - Date.now())).toBeLessThan(60_000)
    expect(ranges).toMatchObject([{ partition: 0, firstOffset: 0, lastOffset: 2 }])
    expect(bodiesOf((await share.receive({ maxMessages: 10 })).records)).toEqual([3, 4])
    expect(await share.receive({ maxMessages: 10 })).toEqual({ records: [], ranges: [] })
    expect(await share.results("ack", { receipts: receiptsOf(records) })).toEqual(["ok", "ok", "ok"])
  })

  it("[H110] without maxMessages it is one, and without a group's policy only what comes from then on", async () => {
    const topic = await filled(1, 3)
    const share = await HttpShare.create(scene, topic, { autoOffsetReset: "latest" })
    expect((await share.receive()).records).toEqual([])
    await scene.append(topic, { body: "new" }, { body: "newer" })
    expect((await share.receive()).records).toMatchObject([{ offset: 3, body: "new" }])
  })

  it("[H110] a lock that ends gives its records back, counted; lockDurationMs comes before the group's", async () => {
    const topic = await filled(1, 2)
    const share = await HttpShare.create(scene, topic, { lockDurationMs: 600_000 })
    const [first] = (await share.receive({ lockDurationMs: 200 })).records
    expect((await share.receive()).records).toMatchObject([{ offset: 1, deliveryCount: 1 }])
    const again = await share.receive({ waitMs: LONG_MS })
    expect(again.records).toMatchObject([{ offset: 0, deliveryCount: 2 }])
    expect(await share.results("ack", { receipts: [first!.receipt, again.records[0]!.receipt] })).toEqual([
      "receipt_expired",
      "ok",
    ])
  })

  it("[H112] the group begins in every partition with its first receive", async () => {
    const topic = await filled(4, 2)
    const share = await HttpShare.create(scene, topic)
    expect(await share.statistics()).toEqual([])
    const received = (await share.receive()).records
    expect((await share.statistics()).map(({ partition }) => partition)).toEqual([0, 1, 2, 3])
    expect(bodiesOf([...received, ...(await share.drain())])).toEqual(upTo(8))
  })

  it("[H112] a topic, a group or a partition that does not exist is not found", async () => {
    const topic = await filled(2, 1)
    const share = await HttpShare.create(scene, topic)
    const missing = (resource: string) => problem(404, "not_found", { resource })
    expect(await scene.post(`/v1/topics/none/share/${nameOf(share.group)}/receive`, {})).toMatchObject(missing("topic"))
    expect(await scene.post(`${topic}/share/none/receive`, {})).toMatchObject(missing("group"))
    expect(await scene.post(`${share.path}/receive`, { partitions: [2] })).toMatchObject(missing("partition"))
    expect(await scene.post(`/v1/topics/none/share/${nameOf(share.group)}/ack`, { receipts: ["x"] })).toMatchObject(
      missing("topic"),
    )
    expect(await scene.post(`${topic}/share/none/ack`, { receipts: ["x"] })).toMatchObject(missing("group"))
    expect(await scene.get(`${topic}/share/none`)).toMatchObject(missing("group"))
  })

  it("[H113] takes from one partition after the other, or of those that are named only", async () => {
    const topic = await filled(3, 2)
    const share = await HttpShare.create(scene, topic)
    expect((await share.drain({ partitions: [1] })).map(({ partition }) => partition)).toEqual([1, 1])
    expect(bodiesOf(await share.drain())).toEqual([0, 2, 3, 5])
  })

  it("[H110] many receivers on one partition get every record once", async () => {
    const topic = await filled(1, 300)
    const share = await HttpShare.create(scene, topic)
    const done: SharedRecord[] = []
    const work = async (): Promise<void> => {
      for (;;) {
        const { records, ranges } = await share.receive({ maxMessages: 10 })
        if (records.length === 0) return
        done.push(...records)
        const settledRanges = await share.results("ack", { receipts: receiptsOf(ranges) })
        expect(settledRanges.every((result) => result === "ok" || result.endsWith("/0"))).toBe(true)
      }
    }
    await Promise.all(upTo(6).map(work))
    expect(bodiesOf(done)).toEqual(upTo(300))
    expect(await share.statistics()).toMatchObject([{ startOffset: 300, accepted: 300, locked: 0, available: 0 }])
  })

  it.each([
    ["/maxMessages", { maxMessages: 0 }],
    ["/maxMessages", { maxMessages: 1001 }],
    ["/waitMs", { waitMs: 20_001 }],
    ["/lockDurationMs", { lockDurationMs: 0 }],
    ["/partitions", { partitions: [] }],
    ["/partitions", { partitions: [0, 0] }],
    ["/partitions/0", { partitions: [256] }],
    ["/visibilityTimeoutMs", { visibilityTimeoutMs: 1 }],
  ])("[H110] one that is wrong at %s is refused there: %j", async (pointer, json) => {
    const topic = await filled(1, 1)
    const share = await HttpShare.create(scene, topic)
    expect(await scene.post(`${share.path}/receive`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await share.statistics()).toEqual([])
  })
})

describe.concurrent("a share group's receive that waits", () => {
  it("[H114] ends with the first record of any partition", async () => {
    const topic = await filled(5, 0)
    const share = await HttpShare.create(scene, topic)
    const waiting = share.receive({ maxMessages: 10, waitMs: LONG_MS })
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: "new", partition: 3 })
    expect((await waiting).records).toMatchObject([{ partition: 3, offset: 0, body: "new", deliveryCount: 1 }])
  })

  it("[H114] without one it is empty when the time is up", async () => {
    const topic = await filled(2, 0)
    const share = await HttpShare.create(scene, topic)
    const askedAt = performance.now()
    expect(await share.receive({ waitMs: 700 })).toEqual({ records: [], ranges: [] })
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(699)
  })

  it("[H114] never answers more than was asked for, and loses nothing of the rest", async () => {
    const topic = await filled(4, 0)
    const share = await HttpShare.create(scene, topic)
    const waiting = share.receive({ maxMessages: 2, waitMs: LONG_MS })
    await sleep(SETTLED_MS)
    await scene.append(topic, ...upTo(12).map((n) => ({ body: n, partition: n % 4 })))
    const { records } = await waiting
    expect(records.length).toBeGreaterThan(0)
    expect(records.length).toBeLessThanOrEqual(2)
    const rest: SharedRecord[] = []
    await eventually(
      async () => rest.push(...(await share.drain())),
      (count) => count === 12 - records.length,
    )
    expect(bodiesOf([...records, ...rest])).toEqual(upTo(12))
    expect(rest.every(({ deliveryCount }) => deliveryCount === 1)).toBe(true)
  })

  it("[H114] waits at more partitions than it can at once", async () => {
    const topic = await filled(40, 0)
    const share = await HttpShare.create(scene, topic)
    const waiting = share.receive({ waitMs: 3_000 })
    await sleep(SETTLED_MS)
    await scene.append(topic, ...upTo(40).map((partition) => ({ body: partition, partition })))
    expect((await waiting).records).toHaveLength(1)
  })

  it("[H114] at more partitions than it can at once, also sees what comes where it waited before", async () => {
    const topic = await filled(20, 0)
    const share = await HttpShare.create(scene, topic)
    expect((await share.receive()).records).toEqual([])
    for (const partition of [0, 7, 19]) {
      const waiting = share.receive({ waitMs: LONG_MS })
      await sleep(SETTLED_MS * 5)
      await scene.append(topic, { body: partition, partition })
      expect((await waiting).records).toMatchObject([{ partition, body: partition }])
    }
    const askedAt = performance.now()
    expect((await share.receive({ waitMs: 1_200 })).records).toEqual([])
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(1_199)
  }, 90_000)

  it("[H115] a client that goes away takes no record along", async () => {
    const topic = await filled(3, 0)
    const share = await HttpShare.create(scene, topic)
    const client = new AbortController()
    const gone = upTo(3).map(() => share.receive({ waitMs: LONG_MS, maxMessages: 10 }, client.signal).catch(() => null))
    await sleep(SETTLED_MS)
    client.abort()
    await Promise.all(gone)
    // what comes at once may be given to them before the broker hears that they are gone
    await scene.append(topic, ...upTo(3).map((partition) => ({ body: partition, partition })))
    const received: SharedRecord[] = []
    await eventually(
      async () => received.push(...(await share.receive({ maxMessages: 10, waitMs: 1_000 })).records),
      (count) => count === 3,
    )
    expect(bodiesOf(received)).toEqual([0, 1, 2])
    expect(received.every(({ deliveryCount }) => deliveryCount === 1)).toBe(true)
  })
})

describe.concurrent("groups side by side on one partition", () => {
  it("[H119] a consumer group and two share groups each have every record, and don't disturb each other", async () => {
    const topic = await filled(1, 20)
    const [one, two] = [await HttpShare.create(scene, topic), await HttpShare.create(scene, topic)]
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const member = await HttpMember.join(scene, group, { topics: [nameOf(topic)] })
    await settled([member], 1)
    const first = await one.receive({ maxMessages: 5 })
    expect(await one.results("ack", { receipts: receiptsOf(first.ranges) })).toEqual(["5/0"])
    expect((await member.read()).map(({ body }) => body)).toEqual(upTo(20))
    expect(outcomes(await member.commit({ 0: 20 }))).toEqual([20])
    expect(bodiesOf(await two.drain())).toEqual(upTo(20))
    expect(bodiesOf(await one.drain())).toEqual(upTo(20).slice(5))
    expect(await one.statistics()).toMatchObject([
      { partition: 0, startOffset: 5, endOffset: 20, accepted: 5, locked: 15, delivered: 20 },
    ])
    expect(await two.statistics()).toMatchObject([{ startOffset: 0, accepted: 0, locked: 20, delivered: 20 }])
    const read = await scene.get(`${topic}/partitions/0/records`)
    expect((read.body as { records: unknown[] }).records).toHaveLength(20)
  })
})
