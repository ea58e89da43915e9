import { describe, expect, it } from "vitest"
import { MAX_BODY_BYTES, MAX_IN_FLIGHT, MAX_SHARE_LOCKS, MAX_UNANSWERED_BYTES } from "../../../src/core/limits.ts"
import { formatReceipt, formatShareReceipt } from "../../../src/protocol/native/receipt.ts"
import { codeOf, FakeBroker, FakeClient, type Received, settled } from "./fakes.ts"

const SUBSCRIBE = { type: "subscribe", sub: 1, queue: "jobs", credit: 10 }
const SHARE = { type: "subscribe", sub: 1, topic: "t", partition: 1, share: "s", credit: 10 }
const STATE = { incarnation: 3, stateId: 5, stateGeneration: 7 }
const TOKEN = "7.99.0.0"
const SHARE_TOKEN = "3.99.5.7"

function newClient(): FakeClient {
  return new FakeClient(new FakeBroker().queue("jobs").topic("t", 2).group("s", { type: "share" }))
}

function receipt(offset: number, { attempt = 1, incarnation = 7, shard = 0 } = {}): string {
  return formatReceipt({ incarnation, shard, stateId: 0, stateGeneration: 0, offset, attempt })
}

function shareReceipt(offset: number, count: number, shard = 1): string {
  return formatShareReceipt({ ...STATE, shard, offset, attempt: 2, count })
}

/** What became of a subscribe with this `resume`. */
async function refusal(subscribe: object, resume: unknown): Promise<unknown> {
  const client = newClient()
  await client.say({ ...subscribe, resume })
  const [frame] = client.take()
  const { code, pointer } = frame!["problem"] as Received
  expect(client.broker.resolved).toEqual([])
  return [code, pointer]
}

describe("coming back", () => {
  it("[W56] waits like a publish until it is answered, so that what is to be taken over is bounded", async () => {
    const client = newClient()
    const large = " ".repeat(MAX_BODY_BYTES - 1024)
    const atOnce = Math.floor(MAX_UNANSWERED_BYTES / large.length)
    const resumeAs = (sub: number): void => {
      const frame = { ...SUBSCRIBE, sub, resume: { token: TOKEN, receipts: [receipt(1)] } }
      client.session.receive(JSON.stringify(frame) + large)
    }
    for (let sub = 0; sub < atOnce; sub++) resumeAs(sub)
    resumeAs(atOnce)
    await client.say({ ...SUBSCRIBE, sub: 0 })
    expect(client.take()).toMatchObject([
      { type: "error", sub: atOnce, problem: { code: "overloaded" } },
      { type: "error", sub: 0, problem: { code: "invalid_field" } },
    ])
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "subscribed", sub: 0, incarnation: 7, nextOffset: null, consumer: 99, held: 0 })
    socket.say({ type: "failed", refs: [], sub: 1, failure: { code: "invalid_request", detail: "" } })
    // what is refused at once holds nothing
    resumeAs(0)
    resumeAs(0)
    resumeAs(1)
    resumeAs(atOnce)
    resumeAs(atOnce + 1)
    await settled()
    expect(client.take().map((frame) => [frame["type"], frame["sub"], codeOf(frame)])).toEqual([
      ["subscribed", 0, undefined],
      ["error", 1, "invalid_request"],
      ["error", 0, "invalid_field"],
      ["error", 0, "invalid_field"],
      ["error", atOnce + 1, "overloaded"],
    ])
    expect(socket.types.filter((type) => type === "subscribe-queue")).toHaveLength(atOnce + 2)
  })

  it("[W55] a queue's subscription is named when it begins, and what goes on is put to the queue", async () => {
    const client = newClient()
    await client.say(SUBSCRIBE)
    const begun = { type: "subscribed", incarnation: 7, nextOffset: null, consumer: 99 } as const
    client.broker.socket("queue/jobs").say({ ...begun, sub: 1, held: 0 })
    await settled()
    expect(client.take()).toEqual([{ type: "subscribed", sub: 1, resume: TOKEN }])
    const receipts = [receipt(4), receipt(9, { attempt: 3 })]
    await client.say({ ...SUBSCRIBE, sub: 2, resume: { token: TOKEN, receipts } })
    expect(client.broker.socket("queue/jobs").operations.at(-1)).toMatchObject({
      type: "subscribe-queue",
      sub: 2,
      resume: {
        consumer: 99,
        incarnation: 7,
        held: [
          [4, 1, 1],
          [9, 3, 1],
        ],
      },
    })
    client.broker.socket("queue/jobs").say({ ...begun, sub: 2, held: 2 })
    await settled()
    expect(client.take()).toEqual([{ type: "subscribed", sub: 2, resume: TOKEN, held: 2 }])
  })

  it("[W55] so is a share group's, whose receipts may be of ranges", async () => {
    const client = newClient()
    const receipts = [shareReceipt(4, 1), shareReceipt(10, 20)]
    await client.say({ ...SHARE, resume: { token: SHARE_TOKEN, receipts } })
    const socket = client.broker.socket("topic/t/1")
    expect(socket.operations).toMatchObject([
      {
        type: "subscribe-share",
        resume: {
          consumer: 99,
          incarnation: 3,
          held: [
            [4, 2, 1],
            [10, 2, 20],
          ],
        },
      },
    ])
    socket.say({ type: "share-subscribed", sub: 1, ...STATE, consumer: 99, held: 21 })
    await settled()
    expect(client.take()).toEqual([{ type: "subscribed", sub: 1, resume: SHARE_TOKEN, held: 21 }])
  })

  it("[W55] a partition that has to begin the group first is asked for the same once more", async () => {
    const client = newClient()
    await client.say({ ...SHARE, resume: { token: SHARE_TOKEN, receipts: [shareReceipt(4, 1)] } })
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "failed", refs: [], sub: 1, failure: { code: "share_not_open" } })
    await settled()
    expect(socket.operations[1]).toEqual(socket.operations[0])
    socket.say({ type: "share-subscribed", sub: 1, ...STATE, stateId: 6, consumer: 5, held: 0 })
    await settled()
    expect(client.take()).toEqual([{ type: "subscribed", sub: 1, resume: "3.5.6.7", held: 0 }])
  })

  it.each([
    "",
    "7.99",
    "7.99.0.0.0",
    "7.x.0.0",
    "7.0.0.0",
    "7.4294967296.0.0",
    "9007199254740992.99.0.0",
    SHARE_TOKEN,
    7,
    null,
  ])("[W56] %s can be no token of a queue", async (token) => {
    expect(await refusal(SUBSCRIBE, { token, receipts: [] })).toEqual(["invalid_field", "/resume/token"])
  })

  it("[W55] [W56] refuses what names nothing of the subscription", async () => {
    const queue = async (resume: unknown) => refusal(SUBSCRIBE, resume)
    expect(await queue("7")).toEqual(["invalid_field", "/resume"])
    expect(await queue({ token: TOKEN, receipts: [], more: 1 })).toEqual(["invalid_field", "/resume/more"])
    expect(await queue({ token: TOKEN })).toEqual(["invalid_field", "/resume/receipts"])
    const foreign = ["junk", 7, receipt(1, { incarnation: 8 }), receipt(1, { shard: 1 }), shareReceipt(1, 1)]
    for (const receipts of foreign.map((wrong) => [receipt(1), wrong])) {
      expect(await queue({ token: TOKEN, receipts })).toEqual(["invalid_field", "/resume/receipts/1"])
    }
    const share = async (resume: unknown) => refusal(SHARE, resume)
    expect(await share({ token: TOKEN, receipts: [] })).toEqual(["invalid_field", "/resume/token"])
    const elsewhere = { token: SHARE_TOKEN, receipts: [shareReceipt(1, 1, 0)] }
    expect(await share(elsewhere)).toEqual(["invalid_field", "/resume/receipts/0"])
    const many = Array.from({ length: Math.ceil(MAX_IN_FLIGHT / MAX_SHARE_LOCKS) + 1 }, (_, index) =>
      shareReceipt(index * MAX_SHARE_LOCKS, MAX_SHARE_LOCKS),
    )
    expect(await share({ token: SHARE_TOKEN, receipts: many })).toEqual(["invalid_field", "/resume/receipts"])
    const reader = { type: "subscribe", sub: 1, topic: "t", partition: 0, from: 0, credit: 1 }
    expect(await refusal(reader, { token: TOKEN, receipts: [] })).toEqual(["invalid_field", "/resume"])
  })

  it("[W57] whoever is taken from hears that it was", async () => {
    const client = newClient()
    await client.say(SUBSCRIBE)
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: null, consumer: 99, held: 0 })
    socket.say({ type: "ended", sub: 1, failure: { code: "conflict", detail: "resumed elsewhere" } })
    await settled()
    expect(client.take().at(-1)).toMatchObject({ type: "unsubscribed", sub: 1, problem: { code: "conflict" } })
  })
})

describe("draining", () => {
  async function draining(): Promise<FakeClient> {
    const client = newClient()
    await client.say({ ...SUBSCRIBE, credit: 2 })
    const begun = { type: "subscribed", incarnation: 7, nextOffset: null, consumer: 99, held: 0 } as const
    client.broker.socket("queue/jobs").say({ ...begun, sub: 1 })
    await client.say({ type: "drain", sub: 1 })
    client.take()
    return client
  }

  it("[W60] is put to the object, whose answer is the client's; so is a second time", async () => {
    const client = await draining()
    const socket = client.broker.socket("queue/jobs")
    expect(socket.operations.at(-1)).toEqual({ type: "drain", sub: 1 })
    socket.say({ type: "drained", sub: 1 })
    await client.say({ type: "drain", sub: 1 })
    socket.say({ type: "drained", sub: 1 })
    await settled()
    expect(client.take()).toEqual([
      { type: "drained", sub: 1 },
      { type: "drained", sub: 1 },
    ])
    expect(socket.types).toEqual(["subscribe-queue", "drain", "drain"])
  })

  it("[W60] nothing is granted from then on, neither asked for nor by the way", async () => {
    const client = await draining()
    await client.say({ type: "credit", sub: 1, credit: 9 })
    expect(client.take()).toMatchObject([
      { type: "error", sub: 1, problem: { code: "invalid_field", pointer: "/sub" } },
    ])
    await client.say({ type: "ack", ref: 1, sub: 1, receipts: [receipt(1)] })
    expect(client.broker.socket("queue/jobs").types).toEqual(["subscribe-queue", "drain", "settle"])
  })

  it("[W60] a subscription that has to be put to its object anew is drained anew", async () => {
    const client = newClient()
    await client.say(SHARE, { type: "drain", sub: 1 })
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "failed", refs: [], sub: 1, failure: { code: "share_not_open" } })
    await settled()
    expect(socket.types).toEqual(["subscribe-share", "drain", "subscribe-share", "drain"])
  })

  it("[W60] refuses numbers that are none of a subscription", async () => {
    const client = newClient()
    await client.say({ type: "drain", sub: 1 }, { type: "drain" }, { type: "drain", sub: 1, queue: "jobs" })
    const pointers = client.take().map((frame) => (frame["problem"] as Received)["pointer"])
    expect(pointers).toEqual(["/sub", "/sub", "/queue"])
  })
})
