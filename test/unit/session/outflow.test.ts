import { describe, expect, it } from "vitest"
import {
  CLIENT_PING_AFTER_MS,
  CLIENT_SILENT_MS,
  MAX_BATCH_ENTRIES,
  MAX_CREDIT_BYTES,
  MAX_UNREAD_ANSWER_BYTES,
  MAX_UNSENT_BYTES,
  UNSENT_MARK_BYTES,
} from "../../../src/core/limits.ts"
import { codeOf, deliveries, FakeBroker, FakeClient, framesOf, type Received, settled } from "./fakes.ts"

const KIB = 1024
const SUBSCRIBE = { type: "subscribe", sub: 1, queue: "jobs", credit: 10_000 }
const SUBSCRIBED = { type: "subscribed", sub: 1, incarnation: 7, nextOffset: null } as const
/** Answered by an error of about 300 bytes. */
const ODD = { type: "odd", ref: 1 }

/** A client that is subscribed to `jobs` and does not answer pings. */
async function reader(): Promise<FakeClient> {
  const client = new FakeClient(new FakeBroker().queue("jobs"))
  client.answersPings = false
  await client.say(SUBSCRIBE)
  client.broker.socket("queue/jobs").say(SUBSCRIBED)
  await settled()
  client.take()
  return client
}

/** The queue delivers messages of `bytes` for as long as it has credit, which the client grants on and on. */
async function deliverAll(client: FakeClient, bytes: number, limit = 1000): Promise<number> {
  const socket = client.broker.socket("queue/jobs")
  const blob = deliveries(["x".repeat(bytes)])
  for (let sent = 0; sent < limit; sent++) {
    if (sent * bytes >= grantedBytes(client)) return sent
    socket.say({ type: "deliver", sub: 1 }, blob)
    await client.say({ type: "credit", sub: 1, credit: 10_000 })
  }
  return limit
}

function grantedBytes(client: FakeClient): number {
  const told = client.broker.socket("queue/jobs").operations.filter((operation) => "grantedBytes" in operation)
  return told.at(-1)!.grantedBytes
}

const pings = (frames: readonly Received[]) => frames.filter(({ type }) => type === "ping").map(({ id }) => id)
const sentBytes = (client: FakeClient) => client.messages.reduce((sum, { length }) => sum + length, 0)

describe("a client that does not read", () => {
  it("[W62] is sent no more than a window, with a ping behind every part of it", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    expect(pings(client.frames)).toEqual([1, 2, 3, 4])
    const sent = sentBytes(client)
    expect(sent).toBeGreaterThanOrEqual(MAX_UNSENT_BYTES)
    expect(sent).toBeLessThan(MAX_UNSENT_BYTES + 65 * KIB)
    let sinceMark = 0
    for (const message of client.messages) {
      sinceMark += message.length
      const hasPing = pings(framesOf(message)).length > 0
      expect(hasPing).toBe(sinceMark > UNSENT_MARK_BYTES)
      if (hasPing) sinceMark = 0
    }
  })

  it("[W63] has its queue send no more than what its subscription may hold in the Worker", async () => {
    const client = await reader()
    const delivered = await deliverAll(client, 64 * KIB)
    expect(delivered * 64 * KIB).toBeLessThanOrEqual(MAX_UNSENT_BYTES + MAX_CREDIT_BYTES / 2 + 128 * KIB)
    const { length } = client.messages
    client.broker.socket("queue/jobs").say({ type: "deliver", sub: 1 }, deliveries(["one too many"]))
    await settled()
    expect(client.messages).toHaveLength(length)
  })

  it("[W62] gets what waits once it has read, in order, with all that was said meanwhile", async () => {
    const client = await reader()
    const socket = client.broker.socket("queue/jobs")
    for (let offset = 0; offset < 20; offset++) {
      socket.say({ type: "deliver", sub: 1 }, deliveries(["x".repeat(80 * KIB)], offset))
    }
    await client.say({ ...ODD, ref: 5 })
    const got = client.take()
    expect(pings(got)).toHaveLength(4)
    expect(got.some(({ type }) => type === "error")).toBe(false)
    await client.say({ type: "pong", id: 1 })
    expect(client.frames.length).toBeGreaterThan(0)
    for (let id = 2; id < 12; id++) await client.say({ type: "pong", id })
    const all = [...got, ...client.frames]
    const offsets = all.flatMap(({ messages }) => (messages as { id: string }[] | undefined) ?? []).map(({ id }) => id)
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, offset) => `7-0-${offset}`))
    const order = all.filter(({ type }) => type !== "ping").map(({ type, ref }) => (type === "deliver" ? type : ref))
    expect(order.indexOf(5)).toBe(20)
  })

  it("[W62] one answer covers all pings before it, and one to no ping is refused", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    client.take()
    await client.say({ type: "pong", id: 5 }, { type: "pong", id: 0 }, { type: "pong" })
    expect(client.frames).toEqual([])
    await client.say({ type: "pong", id: 4 })
    const frames = client.take()
    expect(frames.filter(({ type }) => type === "deliver").length).toBeGreaterThan(5)
    const refusals = frames.filter(({ type }) => type === "error")
    expect(refusals.map(codeOf)).toEqual(["invalid_field", "invalid_field", "invalid_field"])
    // said twice, or late
    await client.say({ type: "pong", id: 4 }, { type: "pong", id: 2 })
    expect(client.take().filter(({ type }) => type === "error")).toEqual([])
  })

  it("[W62] one large message goes out where there is any room", async () => {
    const client = await reader()
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "deliver", sub: 1 }, deliveries(["x".repeat(MAX_UNSENT_BYTES - 10 * KIB)]))
    socket.say({ type: "deliver", sub: 1 }, deliveries(["y".repeat(MAX_UNSENT_BYTES)]))
    socket.say({ type: "deliver", sub: 1 }, deliveries(["z"]))
    await settled()
    const types = client.take().map(({ type }) => type)
    expect(types).toEqual(["deliver", "ping", "deliver", "ping"])
    await client.say({ type: "pong", id: 2 })
    expect(client.take().map(({ type }) => type)).toEqual(["deliver"])
  })

  it("[W63] is closed once too many of its answers wait; its leases wait for it", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    client.take()
    const burst = JSON.stringify(Array.from({ length: 1000 }, () => ODD))
    let waiting = 0
    for (; client.closedWith === null && waiting < 100; waiting++) {
      client.session.receive(burst)
      await settled()
    }
    expect(client.closedWith).toEqual([4413, "answers are not read"])
    expect(waiting * 1000 * 400).toBeGreaterThan(MAX_UNREAD_ANSWER_BYTES)
    expect(client.messages).toEqual([])
    const socket = client.broker.socket("queue/jobs")
    expect(socket.closedWith).toBe(3001)
    expect(client.clock.waiting).toBe(0)
  })

  it("[W63] is closed in the midst of a message whose answers would be too many; nothing behind them is done", async () => {
    const client = await reader()
    const told = client.broker.socket("queue/jobs").operations.length
    // three characters each, and some hundred and fifty of an answer
    const garbage = { type: "ack", ref: 1, queue: "jobs", receipts: Array.from({ length: 1000 }, () => "") }
    const publish = { type: "publish", ref: 2, queue: "jobs", messages: [{ body: "x" }] }
    await client.say([...Array.from({ length: 100 }, () => garbage), publish])
    expect(client.closedWith).toEqual([4413, "answers are not read"])
    expect(client.broker.socket("queue/jobs").operations).toHaveLength(told)
    expect(sentBytes(client)).toBeLessThan(2 * MAX_UNSENT_BYTES)
  })

  it("[W13] is not sent what waits of a subscription that has ended", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    client.take()
    await client.say({ type: "unsubscribe", sub: 1 })
    client.broker.socket("queue/jobs").say({ type: "ended", sub: 1, failure: null })
    await client.say(SUBSCRIBE)
    // what the first one held is free again
    expect(grantedBytes(client)).toBe(MAX_CREDIT_BYTES / 2)
    await client.say({ type: "pong", id: 4 })
    expect(client.take()).toEqual([{ type: "unsubscribed", sub: 1 }])
  })

  it("[W37] is told of its end all the same, without what it does not take", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    client.take()
    await client.say({ type: "ping" })
    client.session.tokenEnded()
    expect(client.frames).toEqual([{ type: "pong" }])
    expect(client.closedWith).toEqual([4401, "the token has ended"])
  })
})

describe("a client that reads", () => {
  it("[W9] [W63] is not closed for what it is answered at once, however small its messages are", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const messages = Array.from({ length: 1000 }, () => ({ body: 1 }))
    await client.say(...Array.from({ length: 200 }, (_, ref) => ({ type: "publish", ref, queue: "jobs", messages })))
    // the others may be said again
    expect(new Set(client.take().map(codeOf))).toEqual(new Set(["overloaded"]))
    const socket = client.broker.socket("queue/jobs")
    const taken = socket.operations.flatMap((operation) => (operation.type === "publish" ? operation.refs : []))
    expect(taken.length).toBeGreaterThan(100)
    const results = messages.map((_, index) => 1_000_000_000 + index)
    socket.say({ type: "confirm", incarnation: 1_800_000_000_000, confirms: taken.map((ref) => ({ ref, results })) })
    await settled()
    expect(client.frames.filter(({ type }) => type === "confirm")).toHaveLength(taken.length)
    expect(client.closedWith).toBeNull()
  })

  it("[W62] gets everything, however much it is", async () => {
    const client = await reader()
    client.answersPings = true
    expect(await deliverAll(client, 64 * KIB, 50)).toBe(50)
    expect(client.take().filter(({ type }) => type === "deliver")).toHaveLength(50)
  })

  it("[W2] gets no message of more frames than it may send", async () => {
    const client = await reader()
    client.session.receive(JSON.stringify(Array.from({ length: 1000 }, () => ({ type: "ping" }))))
    await client.say({ type: "ping" })
    expect(client.frames).toHaveLength(1001)
    for (const message of client.messages) expect(framesOf(message).length).toBeLessThanOrEqual(MAX_BATCH_ENTRIES)
  })
})

describe("a silent client", () => {
  it("[W61] is asked whether it is there, then closed; its leases wait for it", async () => {
    const client = await reader()
    client.clock.pass(CLIENT_PING_AFTER_MS - 1)
    expect(client.frames).toEqual([])
    client.clock.pass(1)
    expect(client.take()).toEqual([{ type: "ping", id: 1 }])
    client.clock.pass(CLIENT_SILENT_MS - CLIENT_PING_AFTER_MS - 1)
    expect(client.closedWith).toBeNull()
    client.clock.pass(1)
    expect(client.closedWith).toEqual([4408, "silent for too long"])
    expect(client.broker.socket("queue/jobs").closedWith).toBe(3001)
    expect(client.clock.waiting).toBe(0)
  })

  it("[W61] stays while it says anything; no object hears of it", async () => {
    const client = await reader()
    const told = client.broker.socket("queue/jobs").frames.length
    for (let minute = 0; minute < 30; minute++) {
      client.clock.pass(CLIENT_SILENT_MS - 1)
      const [ping] = client.take()
      await client.say(minute % 2 === 0 ? { type: "pong", id: ping!["id"] } : { type: "ping" })
      client.take()
    }
    client.clock.pass(CLIENT_PING_AFTER_MS - 1)
    expect(client.frames).toEqual([])
    client.clock.pass(1)
    expect(client.frames).toMatchObject([{ type: "ping" }])
    expect(client.closedWith).toBeNull()
    expect(client.broker.socket("queue/jobs").frames).toHaveLength(told)
  })

  it("[W61] is asked even where it has not read what it was sent", async () => {
    const client = await reader()
    await deliverAll(client, 64 * KIB)
    client.take()
    client.clock.pass(CLIENT_PING_AFTER_MS)
    expect(client.frames).toEqual([{ type: "ping", id: 5 }])
    await client.say({ type: "pong", id: 5 })
    expect(client.frames.length).toBeGreaterThan(1)
  })

  it("[W61] is not watched any more once it has gone", async () => {
    const client = await reader()
    client.session.close(true)
    expect(client.clock.waiting).toBe(0)
  })
})
