import { describe, expect, it, vi } from "vitest"
import type { Frame, SocketClient } from "../support/socket-client.ts"
import { numbered, problemCode, QUIET_MS, receipts, SocketScene, sleep } from "../support/socket-scene.ts"

/** Generous: a loaded machine is slow and not wrong. */
const PATIENCE = { timeout: 30_000, interval: 50 }
const SETTINGS = { type: "share", autoOffsetReset: "earliest", lockDurationMs: 60_000 }

const scene = new SocketScene()

interface Range {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly receipt: string
}

async function share(topic: string, count: number, settings: object = {}): Promise<string> {
  const group = await scene.group({ ...SETTINGS, ...settings })
  if (count > 0)
    await scene.append(
      topic,
      numbered(count).map((body) => ({ body, partition: 0 })),
    )
  return group
}

async function subscribe(topic: string, group: string, credit: number, partition = 0): Promise<SocketClient> {
  const client = await scene.connect()
  client.send({ type: "subscribe", sub: 1, topic, partition, share: group, credit })
  await client.takeType("subscribed")
  return client
}

function offsetsOf(records: readonly Frame[]): unknown[] {
  return records.map(({ offset }) => offset)
}

/** Takes, acknowledges and asks for more until `done`; answers how many records came. */
async function work(client: SocketClient, credit: number, done: () => boolean, took: (some: number) => void) {
  let granted = credit
  let ref = 0
  client.handleFrames((frame) => {
    if (frame["type"] !== "deliver") return frame["type"] === "settled"
    const records = frame["records"] as Frame[]
    client.send({ type: "ack", ref: ++ref, sub: 1, receipts: receipts(records) })
    granted += records.length
    if (!done()) client.send({ type: "credit", sub: 1, credit: granted })
    took(records.length)
    return true
  })
}

describe("share groups on sockets", () => {
  it("[W43] [W44] records come with receipts and ranges, also where the group has not begun before", async () => {
    const topic = await scene.topic(2)
    const group = await share(topic, 5)
    const client = await subscribe(topic, group, 10)
    const frame = await client.takeType("deliver")
    const records = frame["records"] as Frame[]
    expect(records).toMatchObject(numbered(5).map((body, offset) => ({ partition: 0, offset, body, deliveryCount: 1 })))
    const [range] = frame["ranges"] as [Range]
    expect(range).toMatchObject({ partition: 0, firstOffset: 0, lastOffset: 4 })
    client.send({ type: "ack", ref: 1, sub: 1, receipts: [records[0]!["receipt"]] })
    client.send({ type: "ack", ref: 2, topic, share: group, receipts: [range.receipt] })
    expect(await client.takeType("settled")).toEqual({ type: "settled", ref: 1, results: [{ ok: true }] })
    const { results } = (await client.take(({ ref }) => ref === 2)) as { results: Frame[] }
    expect(results[0]!["problem"]).toBeUndefined()
    const again = await subscribe(topic, group, 10)
    await sleep(QUIET_MS)
    expect(again.delivered).toEqual([])
  }, 60_000)

  it("[W22] [W45] partitions that were just added are read and settled at once", async () => {
    const topic = await scene.topic(1)
    const group = await share(topic, 1)
    const client = await subscribe(topic, group, 10)
    await client.takeType("deliver")
    await scene.call("PUT", `/v1/topics/${topic}`, { partitions: 3 })
    await scene.append(topic, [{ body: "new", partition: 2 }])
    const other = await subscribe(topic, group, 10, 2)
    const records = (await other.takeType("deliver"))["records"] as Frame[]
    expect(records).toMatchObject([{ partition: 2, body: "new" }])
    // this socket knows of one partition
    client.send({ type: "ack", ref: 1, topic, share: group, receipts: receipts(records) })
    expect(await client.takeType("settled")).toEqual({ type: "settled", ref: 1, results: [{ ok: true }] })
    await scene.call("PUT", `/v1/topics/${topic}`, { partitions: 5 })
    client.send({ type: "subscribe", sub: 2, topic, partition: 4, share: group, credit: 10 })
    client.send({ type: "subscribe", sub: 3, topic, partition: 3, from: "earliest", credit: 10 })
    const begun = [await client.takeType("subscribed"), await client.takeType("subscribed")]
    expect(new Set(begun.map(({ sub }) => sub))).toEqual(new Set([2, 3]))
  }, 60_000)

  it("[W47] two sockets get fair parts of one partition", async () => {
    const topic = await scene.topic(1)
    const group = await share(topic, 0)
    const clients = [await subscribe(topic, group, 10), await subscribe(topic, group, 10)] as const
    const counts = [0, 0]
    const done = (): boolean => counts[0]! + counts[1]! >= 1000
    for (const [index, client] of clients.entries())
      await work(client, 10, done, (some) => void (counts[index]! += some))
    for (let from = 0; from < 1000; from += 100) {
      await scene.append(
        topic,
        numbered(100, from).map((body) => ({ body })),
      )
    }
    await vi.waitUntil(done, PATIENCE)
    expect(counts[0]! + counts[1]!).toBe(1000)
    expect(Math.abs(counts[0]! - 500)).toBeLessThanOrEqual(50)
  }, 120_000)

  it("[W48] locks of a socket that breaks come back after the grace and don't count, those of a goodbye at once", async () => {
    const topic = await scene.topic(1)
    const group = await share(topic, 4, { maxDeliveries: 2 })
    for (const end of ["break", "goodbye", "break"]) {
      const client = await subscribe(topic, group, 10)
      const records = await client.collect(1, 4)
      expect(records).toMatchObject(numbered(4).map((body) => ({ body, deliveryCount: 1 })))
      if (end === "break") client.terminate()
      else await client.close()
    }
    const last = await subscribe(topic, group, 10)
    expect(await last.collect(1, 4)).toMatchObject(numbered(4).map((body) => ({ body, deliveryCount: 1 })))
  }, 60_000)

  it("[W45] [W46] a range is settled as far as it is held, by the topic and the group, over any socket", async () => {
    const topic = await scene.topic(1)
    const group = await share(topic, 10)
    const client = await subscribe(topic, group, 10)
    const frame = await client.takeType("deliver")
    expect(offsetsOf(frame["records"] as Frame[])).toHaveLength(10)
    const [{ receipt }] = frame["ranges"] as [Range]
    const records = frame["records"] as Frame[]
    client.send({ type: "nack", ref: 1, sub: 1, receipts: [records[3]!["receipt"]], delayMs: 60_000 })
    await client.take(({ ref }) => ref === 1)
    const other = await scene.connect()
    other.send({ type: "extend", ref: 2, topic, share: group, receipts: [receipt], lockDurationMs: 30_000 })
    other.send({ type: "ack", ref: 3, topic, share: group, receipts: [receipt, "junk", records[3]!["receipt"]] })
    const extended = (await other.take(({ ref }) => ref === 2)) as { results: Frame[] }
    expect(extended.results).toMatchObject([{ settled: 9, expired: 1 }])
    const { results } = (await other.take(({ ref }) => ref === 3)) as { results: Frame[] }
    expect(results[0]).toMatchObject({ settled: 9, expired: 1 })
    expect(results.slice(1).map(problemCode)).toEqual(["invalid_receipt", "receipt_expired"])
  }, 60_000)

  it("[W42] [W43] a consumer group, no group and no partition are refused", async () => {
    const topic = await scene.topic(1)
    const consumers = await scene.group({})
    const group = await share(topic, 0)
    const client = await scene.connect()
    const frame = { type: "subscribe", topic, partition: 0, credit: 1 }
    client.send({ ...frame, sub: 1, share: consumers }, { ...frame, sub: 2, share: "none" })
    client.send({ ...frame, sub: 3, share: group, partition: 1 })
    client.send({ ...frame, sub: 4, from: 0, group, memberId: "m", epoch: 1 })
    const codes = [1, 2, 3, 4].map(async (sub) => problemCode(await client.take((some) => some["sub"] === sub)))
    expect(await Promise.all(codes)).toEqual(["conflict", "not_found", "not_found", "conflict"])
  }, 60_000)
})
