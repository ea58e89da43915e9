import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { RESUME_GRACE_MS } from "../../src/core/limits.ts"
import type { Frame } from "../support/socket-client.ts"
import { bodies, numbered, problemCode, receipts, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

describe("connecting", () => {
  async function refusedWith(protocols: string[], headers: Record<string, string>): Promise<number> {
    const socket = new WebSocket(scene.socketUrl, protocols, { headers })
    socket.on("error", () => {})
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }]
    return response.statusCode
  }

  it("[W1] takes the subprotocol and the token, or no socket at all", async () => {
    const authorization = `Bearer ${scene.broker.token}`
    expect(await refusedWith([], { authorization })).toBe(426)
    expect(await refusedWith(["other"], { authorization })).toBe(426)
    expect(await refusedWith(["millrace.v1"], {})).toBe(401)
    expect(await refusedWith(["millrace.v1", "bearer.wrong"], {})).toBe(401)
    const plain = await fetch(`${scene.broker.url}/v1/connect`, { headers: { authorization } })
    expect(plain.status).toBe(426)
  })

  it("[W1] a browser's token stands in a second subprotocol", async () => {
    const url = scene.socketUrl
    const socket = new WebSocket(url, ["millrace.v1", `bearer.${scene.broker.token}`])
    await once(socket, "open")
    expect(socket.protocol).toBe("millrace.v1")
    socket.terminate()
  })
})

describe("publishing", () => {
  it("[W4] [W5] pipelined publishes are confirmed with ids, each by its ref", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    const refs = Array.from({ length: 200 }, (_, index) => index)
    client.send(...refs.map((ref) => ({ type: "publish", ref, queue: name, messages: [{ body: String(ref) }] })))
    const ids = new Set<unknown>()
    for (const ref of refs) {
      const confirm = await client.take((frame) => frame["ref"] === ref)
      ids.add((confirm["results"] as Frame[])[0]!["id"])
    }
    expect(ids.size).toBe(refs.length)
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 200 })
    expect(bodies(await client.collect(1, 200))).toEqual(refs.map(String))
  })

  it("[W4] bodies, groups and headers come back as they went in", async () => {
    const name = await scene.queue({ ordering: "fifo" })
    const client = await scene.connect()
    const text = `{"type":"publish","ref":1,"queue":"${name}","messages":[{"body":{"n":1.0},"groupId":"g","headers":{"a":"ä"}},{"bodyBase64":"AP8=","groupId":"g"}]}`
    client.send(text, { type: "subscribe", sub: 1, queue: name, credit: 10 })
    expect(await client.collect(1, 2)).toMatchObject([
      { body: { n: 1 }, groupId: "g", headers: { a: "ä" } },
      { bodyBase64: "AP8=", groupId: "g" },
    ])
  })

  it("[W7] records go to their partitions, and one publish may be for several", async () => {
    const name = await scene.topic(4)
    const client = await scene.connect()
    const records = [
      ...numbered(40).map((body) => ({ body, key: `k${Number(body) % 7}` })),
      { body: "p", partition: 3 },
    ]
    client.send({ type: "publish", ref: 1, topic: name, records })
    const confirm = await client.takeType("confirm")
    const results = confirm["results"] as { partition: number; offset: number }[]
    expect(results).toHaveLength(41)
    expect(results.at(-1)!.partition).toBe(3)
    expect(new Set(results.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    for (const [index, { partition }] of results.slice(0, 40).entries()) {
      expect(partition).toBe(results[index % 7]!.partition)
    }
  })

  it("[W4] an unknown queue, topic or partition is an error with the ref", async () => {
    const client = await scene.connect()
    const name = await scene.topic(1)
    client.send({ type: "publish", ref: 1, queue: "nowhere", messages: [{ body: "x" }] })
    client.send({ type: "publish", ref: 2, topic: "nowhere", records: [{ body: "x" }] })
    client.send({ type: "publish", ref: 3, topic: name, records: [{ body: "x", partition: 1 }] })
    const errors = await Promise.all([1, 2, 3].map((ref) => client.take((frame) => frame["ref"] === ref)))
    expect(errors.map(problemCode)).toEqual(["not_found", "not_found", "invalid_field"])
  })
})

describe("ends", () => {
  it("[W19] a clean close is answered, and gives leases back at once", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await client.collect(1, 1)
    const other = await scene.connect()
    other.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await other.takeType("subscribed")
    const closedAt = Date.now()
    expect(await client.close()).toBe(1000)
    const [message] = await other.collect(1, 1)
    expect(Date.now() - closedAt).toBeLessThan(RESUME_GRACE_MS / 2)
    expect(message!["deliveryCount"]).toBe(1)
  })

  it("[W20] a broken socket's leases wait the grace and then go back", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await client.collect(1, 1)
    const other = await scene.connect()
    other.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await other.takeType("subscribed")
    const brokenAt = Date.now()
    client.terminate()
    const [message] = await other.collect(1, 1)
    const tookMs = Date.now() - brokenAt
    expect(tookMs).toBeGreaterThanOrEqual(RESUME_GRACE_MS - 100)
    expect(tookMs).toBeLessThan(RESUME_GRACE_MS + 2500)
    expect(message!["body"]).toBe("a")
  })

  it("[W21] a deleted queue ends its subscriptions, and the socket stays open", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await client.takeType("subscribed")
    await scene.call("DELETE", `/v1/queues/${name}`)
    const ended = await client.takeType("unsubscribed")
    expect([ended["sub"], problemCode(ended)]).toEqual([1, "not_found"])
    await scene.call("PUT", `/v1/queues/${name}`, {})
    client.send({ type: "publish", ref: 1, queue: name, messages: [{ body: "x" }] })
    await client.takeType("confirm")
  })

  it("[W22] changed settings are not noticed by a client that publishes", async () => {
    const name = await scene.queue()
    const [one, other] = [await scene.connect(), await scene.connect()]
    const publish = { type: "publish", ref: 1, queue: name, messages: [{ body: "x" }] }
    one.send(publish)
    await one.takeType("confirm")
    await scene.call("PUT", `/v1/queues/${name}`, { visibilityTimeoutMs: 1000 })
    one.send(publish)
    other.send(publish)
    await one.takeType("confirm")
    await other.takeType("confirm")
  })
})

describe("bad input", () => {
  it("[W3] garbage is answered by errors, and the socket goes on", async () => {
    const client = await scene.connect()
    const garbage = [
      "",
      "{",
      "7",
      "null",
      "[]",
      '{"type":"publish"}',
      '{"type":"__proto__"}',
      "\u0000",
      `"${"x".repeat(3_000_000)}"`,
    ]
    client.send(...garbage, new Uint8Array([1, 2, 3]))
    for (let count = 0; count < garbage.length + 1; count++) await client.takeType("error")
    client.send({ type: "ping" })
    expect(await client.takeType("pong")).toEqual({ type: "pong" })
    expect(client.frames).toEqual([])
  })

  it("[W3] receipts of another queue are refused, by the queue", async () => {
    const [one, other] = [await scene.queue(), await scene.queue()]
    await scene.send(one, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: one, credit: 1 })
    const messages = await client.collect(1, 1)
    client.send({ type: "ack", ref: 1, queue: other, receipts: receipts(messages) })
    const settled = await client.takeType("settled")
    expect(settled["results"]).toMatchObject([{ problem: { code: "invalid_receipt" } }])
  })
})
