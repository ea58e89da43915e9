import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import { eventually, LONG_MS, nameOf } from "../support/http-groups.ts"
import { HttpShare } from "../support/http-shares.ts"

const scene = new HttpScene()

async function filled(partitions: number, each: number): Promise<string> {
  const topic = await scene.topic({ partitions })
  await scene.append(
    topic,
    ...upTo(partitions * each).map((n) => ({ body: n, key: `k${n % 2}`, partition: n % partitions })),
  )
  return topic
}

const receiptsOf = (entries: readonly { receipt: string }[]): string[] => entries.map(({ receipt }) => receipt)

describe.concurrent("what is said of records", () => {
  it("[H116] receipts of several partitions, and what is none, are answered in order", async () => {
    const topic = await filled(3, 2)
    const share = await HttpShare.create(scene, topic)
    const records = await share.drain()
    const receipts = ["garbage", ...receiptsOf(records), "x"]
    const results = await share.results("ack", { receipts })
    expect(results).toEqual(["invalid_receipt", ...records.map(() => "ok"), "invalid_receipt"])
    expect(await share.results("ack", { receipts: receiptsOf(records) })).toEqual(records.map(() => "ok"))
    const totals = await share.statistics()
    expect(totals.map(({ accepted, locked }) => [accepted, locked])).toEqual([
      [2, 0],
      [2, 0],
      [2, 0],
    ])
  })

  it("[H116] a nack gives back, at once or later, counted or not; a reject gives up", async () => {
    const topic = await filled(1, 4)
    const share = await HttpShare.create(scene, topic)
    const { records } = await share.receive({ maxMessages: 4 })
    const [counted, uncounted, later, rejected] = receiptsOf(records)
    const entries = [
      { receipt: counted },
      { receipt: uncounted, fault: false },
      { receipt: later, delayMs: 600_000 },
      { receipt: rejected, reject: true, error: "no" },
    ]
    expect(await share.results("nack", { entries })).toEqual(["ok", "ok", "ok", "ok"])
    expect((await share.receive({ maxMessages: 4 })).records).toMatchObject([
      { offset: 0, deliveryCount: 2 },
      { offset: 1, deliveryCount: 1 },
    ])
    expect(await share.statistics()).toMatchObject([{ delayed: 1, locked: 2, dropped: 1 }])
  })

  it("[H116] an extend keeps a lock, and 0 gives it up", async () => {
    const topic = await filled(1, 2)
    const share = await HttpShare.create(scene, topic, { lockDurationMs: 1_500 })
    const { records } = await share.receive({ maxMessages: 2 })
    const [kept, given] = receiptsOf(records)
    const entries = [
      { receipt: kept, lockDurationMs: 600_000 },
      { receipt: given, lockDurationMs: 0 },
    ]
    expect(await share.results("extend", { entries })).toEqual(["ok", "ok"])
    const again = await share.receive({ maxMessages: 2, waitMs: LONG_MS })
    expect(again.records).toMatchObject([{ offset: 1, deliveryCount: 2 }])
    expect(await share.results("ack", { receipts: [kept, given] })).toEqual(["ok", "receipt_expired"])
  })

  it("[H117] a range settles what of it is still held", async () => {
    const topic = await filled(1, 10)
    const share = await HttpShare.create(scene, topic)
    const { records, ranges } = await share.receive({ maxMessages: 10 })
    expect(ranges).toMatchObject([{ firstOffset: 0, lastOffset: 9 }])
    expect(await share.results("nack", { receipts: [records[3]!.receipt] })).toEqual(["ok"])
    const again = await share.receive({ maxMessages: 10 })
    expect(again.ranges).toMatchObject([{ firstOffset: 3, lastOffset: 3 }])
    expect(await share.results("extend", { receipts: receiptsOf(ranges), lockDurationMs: 60_000 })).toEqual(["9/1"])
    expect(await share.results("ack", { receipts: [ranges[0]!.receipt, again.ranges[0]!.receipt] })).toEqual([
      "9/1",
      "ok",
    ])
    expect(await share.statistics()).toMatchObject([{ startOffset: 10, accepted: 10, locked: 0 }])
  })

  it("[H117] ranges are given back and given up too", async () => {
    const topic = await filled(1, 6)
    const share = await HttpShare.create(scene, topic)
    const { ranges } = await share.receive({ maxMessages: 3 })
    expect(await share.results("nack", { receipts: receiptsOf(ranges), fault: false })).toEqual(["3/0"])
    const all = await share.receive({ maxMessages: 6 })
    expect(all.records.map(({ deliveryCount }) => deliveryCount)).toEqual(upTo(6).map(() => 1))
    expect(await share.results("nack", { receipts: receiptsOf(all.ranges), reject: true })).toEqual(
      all.ranges.map(({ firstOffset, lastOffset }) =>
        lastOffset > firstOffset ? `${lastOffset - firstOffset + 1}/0` : "ok",
      ),
    )
    expect(await share.statistics()).toMatchObject([{ startOffset: 6, dropped: 6 }])
  })

  it("[H118] receipts of a queue, of another topic or group, or of an earlier life change nothing", async () => {
    const [topic, other] = [await filled(1, 2), await filled(1, 2)]
    const share = await HttpShare.create(scene, topic)
    const another = await HttpShare.create(scene, topic)
    const elsewhere = await HttpShare.create(scene, other)
    const queue = await scene.queue()
    await scene.send(queue, "x")
    const message = await scene.receiveOne(queue)
    await share.receive()
    const strangers = [
      message.receipt,
      (await another.receive()).records[0]!.receipt,
      (await elsewhere.receive()).records[0]!.receipt,
    ]
    expect(await share.results("ack", { receipts: strangers })).toEqual(strangers.map(() => "invalid_receipt"))
    expect(await share.statistics()).toMatchObject([{ accepted: 0, locked: 1 }])
    const range = (await share.receive({ maxMessages: 5 })).ranges
    expect(await scene.settle("ack", queue, { receipts: receiptsOf(range) })).toEqual(["invalid_receipt"])
    await scene.delete(share.group)
    await scene.put(share.group, { type: "share", autoOffsetReset: "earliest" })
    expect((await share.receive({ maxMessages: 5 })).records).toHaveLength(2)
    expect(await share.results("ack", { receipts: receiptsOf(range) })).toEqual(["invalid_receipt"])
    expect(await share.statistics()).toMatchObject([{ accepted: 0, locked: 2 }])
  })

  it.each([
    ["ack", "/receipts", {}],
    ["ack", "/receipts/0", { receipts: [1] }],
    ["nack", "/delayMs", { receipts: ["x"], delayMs: -1 }],
    ["extend", "/lockDurationMs", { receipts: ["x"] }],
    ["extend", "/visibilityTimeoutMs", { receipts: ["x"], visibilityTimeoutMs: 1 }],
  ] as const)("[H116] %s that is wrong at %s is refused there", async (verb, pointer, json) => {
    const topic = await filled(1, 1)
    const share = await HttpShare.create(scene, topic)
    expect(await share.settle(verb, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
  })
})

describe.concurrent("records that nobody could process", () => {
  const LETTER = {
    "millrace-dead-letter-offset": "0",
    "millrace-dead-letter-reason": "max_deliveries",
    "millrace-dead-letter-delivery-count": "2",
    "millrace-dead-letter-error": "no",
    h: "v",
  }

  /** A record that is nacked until it leaves. */
  async function failing(share: HttpShare): Promise<void> {
    await scene.append(share.topic, { key: "k", body: { n: 1 }, headers: { h: "v" } })
    for (const deliveryCount of [1, 2]) {
      const { records } = await share.receive()
      expect(records).toMatchObject([{ deliveryCount }])
      expect(await share.results("nack", { receipts: receiptsOf(records), error: "no" })).toEqual(["ok"])
    }
    expect((await share.receive()).records).toEqual([])
  }

  it("[H116] go to a queue with headers that say where they come from", async () => {
    const topic = await scene.topic()
    const queue = await scene.queue()
    const share = await HttpShare.create(scene, topic, { maxDeliveries: 2, deadLetter: { queue: nameOf(queue) } })
    await failing(share)
    const letter = await scene.receiveOne(queue, { waitMs: LONG_MS })
    const source = { "millrace-dead-letter-source": nameOf(topic) }
    expect(letter).toMatchObject({ body: { n: 1 }, headers: { ...LETTER, ...source } })
    expect(await share.statistics()).toMatchObject([{ deadLettered: 1, startOffset: 1, dropped: 0 }])
  })

  it("[H116] go to a topic, in the partition of their key", async () => {
    const topic = await scene.topic()
    const letters = await scene.topic({ partitions: 4 })
    const share = await HttpShare.create(scene, topic, { maxDeliveries: 2, deadLetter: { topic: nameOf(letters) } })
    await failing(share)
    const [home] = await scene.append(letters, { key: "k", body: "of the same key" })
    const read = await eventually(
      () => scene.get(`${letters}/partitions/${home!.partition}/records`),
      ({ body }) => (body as { records: unknown[] }).records.length === 2,
    )
    const found = (read.body as { records: { body: unknown }[] }).records
    expect(found).toContainEqual(
      expect.objectContaining({ key: "k", body: { n: 1 }, headers: expect.objectContaining(LETTER) as object }),
    )
  })
})

describe.concurrent("records of one key", () => {
  it("[H110] are handed out one after the other where the group is ordered by key", async () => {
    const topic = await filled(1, 6)
    const share = await HttpShare.create(scene, topic, { ordering: "key" })
    const first = await share.receive({ maxMessages: 1 })
    expect(first.records).toMatchObject([{ offset: 0, key: "k0" }])
    const others = await share.receive({ maxMessages: 10 })
    expect(others.records.every(({ key }) => key === "k1")).toBe(true)
    expect(await share.results("nack", { receipts: receiptsOf(first.records) })).toEqual(["ok"])
    const again = await share.receive({ maxMessages: 1 })
    expect(again.records).toMatchObject([{ offset: 0, deliveryCount: 2 }])
    const order: number[] = []
    let held = [...again.records, ...others.records]
    while (held.length > 0) {
      order.push(...held.filter(({ key }) => key === "k0").map(({ offset }) => offset))
      await share.results("ack", { receipts: receiptsOf(held) })
      held = [...(await share.receive({ maxMessages: 1 })).records]
    }
    expect(order).toEqual([0, 2, 4])
    expect(await share.statistics()).toMatchObject([{ startOffset: 6, accepted: 6 }])
  })
})
