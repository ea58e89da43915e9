import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES, MAX_SUBSCRIPTIONS } from "../../../src/core/limits.ts"
import { planAppend } from "../../../src/core/log/append.ts"
import { SubmissionWriter, decodeSubmissions } from "../../../src/core/log/submission.ts"
import { formatReceipt } from "../../../src/protocol/native/receipt.ts"
import { codeOf, deliveries, FakeBroker, FakeClient, settled } from "./fakes.ts"

const SUBSCRIBE = { type: "subscribe", sub: 1, queue: "jobs", credit: 10 }
const READ = { type: "subscribe", sub: 1, topic: "t", partition: 0, from: "earliest", credit: 10 }
const RECEIPT = formatReceipt({ incarnation: 7, shard: 0, stateId: 0, stateGeneration: 0, offset: 1, attempt: 1 })

async function subscribed(): Promise<FakeClient> {
  const client = new FakeClient(new FakeBroker().queue("jobs").topic("t", 2))
  await client.say(SUBSCRIBE)
  client.broker.socket("queue/jobs").say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: null })
  await settled()
  client.take()
  return client
}

/** Rows with the records `texts` from offset 0 on; the bytes at `damage` are flipped. */
function rows(texts: readonly string[], damage?: (bytes: Uint8Array) => number): Uint8Array {
  const writer = new SubmissionWriter()
  for (const text of texts) {
    writer.add({ format: "text", value: new TextEncoder().encode(text), key: null, headers: [], producedAt: null })
  }
  const { frames, lengths, keyHashes } = decodeSubmissions(writer.finish())
  const messageIds = lengths.map(() => 0)
  const expiresAts = messageIds
  const plan = planAppend(null, { frames, lengths, keyHashes, messageIds, expiresAts }, 0, 5, 0, { pageOffsets: null })
  const bytes = Uint8Array.from(plan.rows.flatMap((row) => [...row.header, ...row.frames]))
  if (damage !== undefined) bytes[damage(bytes)]! ^= 1
  return bytes
}

describe("subscriptions", () => {
  it("[W10] a subscription begins with its credit", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs").topic("t", 2))
    await client.say({ ...SUBSCRIBE, visibilityTimeoutMs: 5000, creditBytes: 77 }, { ...READ, sub: 2, from: 12 })
    expect(client.broker.socket("queue/jobs").operations).toEqual([
      {
        type: "subscribe-queue",
        sub: 1,
        visibilityTimeoutMs: 5000,
        grantedMessages: 10,
        grantedBytes: 77,
        detached: false,
        attemptId: null,
      },
    ])
    const socket = client.broker.socket("topic/t/0")
    expect(socket.operations).toEqual([
      {
        type: "subscribe-partition",
        sub: 2,
        from: 12,
        grantedMessages: 10,
        grantedBytes: Math.floor((MAX_CREDIT_BYTES - 77) / 2),
      },
    ])
    socket.say({ type: "subscribed", sub: 2, incarnation: 3, nextOffset: 12 })
    await settled()
    expect(client.frames).toEqual([{ type: "subscribed", sub: 2, nextOffset: 12 }])
  })

  it("[W22] a partition that was added meanwhile is found, in the order of what is said of it", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(READ)
    client.broker.topic("t", 4)
    client.broker.resolved.length = 0
    const more = [2, 3].map((partition) => ({ ...READ, sub: partition, partition }))
    client.session.receive(JSON.stringify([...more, { type: "credit", sub: 3, credit: 11 }]))
    await client.say({ ...READ, sub: 9, partition: 4 })
    expect(client.take()).toMatchObject([{ type: "error", sub: 9, problem: { code: "not_found" } }])
    expect(client.broker.socket("topic/t/2").operations).toMatchObject([{ type: "subscribe-partition", sub: 2 }])
    expect(client.broker.socket("topic/t/3").types).toEqual(["subscribe-partition", "credit"])
    // one for those that are there, and one for the one that is not
    expect(client.broker.resolved).toEqual(["t fresh", "t fresh"])
  })

  it("[W22] where the catalog can't be asked for it, that is the answer", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(READ)
    client.broker.gate = Promise.reject(new Error("planted by a test"))
    await client.say({ ...READ, sub: 2, partition: 2 })
    expect(client.take().map(codeOf)).toEqual(["unavailable"])
    client.broker.gate = Promise.resolve()
    await client.say({ ...READ, sub: 3, partition: 1 })
    expect(client.broker.socket("topic/t/1").types).toEqual(["subscribe-partition"])
  })

  it("[W10] refuses numbers in use, unknown names and partitions, and too many", async () => {
    const client = await subscribed()
    await client.say(SUBSCRIBE, { ...SUBSCRIBE, sub: 2, queue: "none" }, { ...READ, sub: 3, partition: 2 })
    expect(client.take()).toMatchObject([
      { type: "error", sub: 1, problem: { code: "invalid_field", pointer: "/sub" } },
      { type: "error", sub: 2, problem: { code: "not_found", resource: "queue" } },
      { type: "error", sub: 3, problem: { code: "not_found", resource: "partition" } },
    ])
    const more = Array.from({ length: MAX_SUBSCRIPTIONS }, (_, index) => ({ ...SUBSCRIBE, sub: index + 10 }))
    await client.say(...more)
    expect(client.take()).toMatchObject([{ sub: MAX_SUBSCRIPTIONS + 9, problem: { code: "invalid_request" } }])
  })

  it("[W10] one that its object refuses is an error, and its number is free", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    await client.say({ ...READ, from: 5 })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "failed", refs: [], sub: 1, failure: { code: "offset_out_of_range", latestOffset: 2 } })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "offset_out_of_range" } }])
    await client.say({ ...READ, from: 2 })
    expect(socket.types).toEqual(["subscribe-partition", "subscribe-partition"])
  })

  it("[W11] messages come as a receive answers them, with what they take of the credit", async () => {
    const client = await subscribed()
    const blob = deliveries(["a", "b"], 40)
    client.broker.socket("queue/jobs").say({ type: "deliver", sub: 1 }, blob)
    await settled()
    const [frame] = client.take()
    expect(frame).toMatchObject({
      type: "deliver",
      sub: 1,
      messages: [
        { id: "7-0-40", body: "a", deliveryCount: 1 },
        { id: "7-0-41", body: "b" },
      ],
    })
    expect(frame!["bytes"]).toBeGreaterThan(2)
  })

  it("[W12] records from the offset up to the next one, and damaged ones as problems", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    await client.say({ ...READ, from: 1 })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "subscribed", sub: 1, incarnation: 3, nextOffset: 1 })
    const rest = { sub: 1, count: 3, endOffset: 9 } as const
    const whole = rows(["a", "b", "c", "d", "e"])
    const spoilt = rows(["a", "b", "c", "d", "e"], (bytes) => bytes.lastIndexOf("c".charCodeAt(0)))
    socket.say({ type: "rows", fromOffset: 1, nextOffset: 4, damaged: [], ...rest }, whole)
    socket.say({ type: "rows", fromOffset: 1, nextOffset: 4, damaged: [], ...rest }, spoilt)
    const gap = [{ firstOffset: 5, lastOffset: 8 }]
    socket.say({ type: "rows", fromOffset: 5, nextOffset: 9, damaged: gap, ...rest })
    socket.say(
      { type: "rows", fromOffset: 0, nextOffset: 5, damaged: [], ...rest },
      rows(["a"], () => 9),
    )
    await settled()
    const [, read, damaged, lost, broken] = client.frames as { records: Record<string, unknown>[] }[]
    expect(read).toMatchObject({ type: "deliver", nextOffset: 4, endOffset: 9, bytes: whole.length })
    expect(read!.records.map(({ offset, body }) => [offset, body])).toEqual([
      [1, "b"],
      [2, "c"],
      [3, "d"],
    ])
    expect(damaged!.records.map(({ offset }) => offset)).toEqual([1, 2, 3])
    expect(damaged!.records.map(codeOf)).toEqual([undefined, "corrupt_batch", undefined])
    expect(lost!.records).toMatchObject([{ offset: 5, lastOffset: 8, problem: { code: "corrupt_batch" } }])
    expect(broken!.records).toMatchObject([{ offset: 0, lastOffset: 4, problem: { code: "corrupt_batch" } }])
  })

  it("[W13] an end is confirmed behind what was still delivered, and frees the number", async () => {
    const client = await subscribed()
    await client.say({ type: "unsubscribe", sub: 1 }, { type: "credit", sub: 1, credit: 20 })
    expect(client.take()).toMatchObject([{ type: "error", sub: 1 }])
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "deliver", sub: 1 }, deliveries(["late"]))
    socket.say({ type: "ended", sub: 1, failure: null })
    await settled()
    expect(client.take()).toMatchObject([{ type: "deliver" }, { type: "unsubscribed", sub: 1 }])
    await client.say(SUBSCRIBE)
    expect(socket.types.at(-1)).toBe("subscribe-queue")
  })

  it("[W14] [W15] only credit that is allowed is passed on, as totals", async () => {
    const client = await subscribed()
    await client.say({ type: "credit", sub: 1, credit: 12 }, { type: "credit", sub: 1, credit: 99_999 })
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { pointer: "/credit" } }])
    expect(client.broker.socket("queue/jobs").operations.slice(1)).toEqual([
      { type: "credit", sub: 1, grantedMessages: 12, grantedBytes: MAX_CREDIT_BYTES / 2 },
    ])
  })

  it("[W16] an ack of a subscription renews its bytes", async () => {
    const client = await subscribed()
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "deliver", sub: 1 }, deliveries(["x".repeat(MAX_CREDIT_BYTES - 100)]))
    await client.say({ type: "ack", ref: 1, sub: 1, receipts: [RECEIPT] })
    expect(socket.types.slice(1)).toEqual(["settle", "credit"])
  })
})

describe("receipts", () => {
  it("[W17] results stand in the order of the receipts, and what is none never gets to the queue", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 3, sub: 1, receipts: ["junk", RECEIPT, "junk", RECEIPT] })
    const socket = client.broker.socket("queue/jobs")
    const settle = socket.operations.at(-1)
    expect(settle).toMatchObject({ type: "settle", settlements: [{ kind: "ack" }, { kind: "ack" }] })
    const ref = settle?.type === "settle" ? settle.ref : 0
    socket.say({ type: "settled", ref, results: [null, { code: "receipt_expired" }] })
    await settled()
    expect(client.take()).toMatchObject([
      {
        type: "settled",
        ref: 3,
        results: [
          { problem: { code: "invalid_receipt" } },
          { ok: true },
          { problem: { code: "invalid_receipt" } },
          { problem: { code: "receipt_expired" } },
        ],
      },
    ])
  })

  it("[W17] where none is a receipt no object is asked", async () => {
    const client = new FakeClient(new FakeBroker())
    await client.say({ type: "nack", ref: 3, queue: "any", entries: [{ receipt: "junk", delayMs: 5 }] })
    expect(client.frames).toMatchObject([{ type: "settled", results: [{ problem: { code: "invalid_receipt" } }] }])
    expect(client.broker.resolved).toEqual([])
  })

  it("[W18] the queue is named by a subscription of it or by its name", async () => {
    const client = await subscribed()
    await client.say({ ...READ, sub: 2 }, { type: "ack", ref: 1, sub: 2, receipts: [RECEIPT] })
    expect(client.take()).toMatchObject([{ type: "error", ref: 1, problem: { pointer: "/sub" } }])
    const entries = [{ receipt: RECEIPT, visibilityTimeoutMs: 9 }]
    await client.say({ type: "extend", ref: 1, queue: "jobs", entries })
    expect(client.broker.socket("queue/jobs").types).toEqual(["subscribe-queue", "settle"])
  })
})
