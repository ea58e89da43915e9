import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import type { Right } from "../../src/core/access/rights.ts"
import { SocketClient } from "../support/socket-client.ts"
import { bodies, problemCode, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()
/** Long enough to connect and to receive, on a loaded machine too. */
const SHORT_MS = 6_000

async function tokenOf(rights: readonly Partial<Right>[] | null, expiresInMs?: number | null) {
  const asked = expiresInMs === undefined ? { rights } : { rights, expiresInMs }
  return (await scene.call("POST", "/v1/tokens", asked)) as { token: string; expiresAt: number }
}

function connect(token: string): Promise<SocketClient> {
  return SocketClient.open({ ...scene.broker, url: scene.broker.url, token })
}

/** The status that an upgrade is refused with. */
async function refusedWith(token: string): Promise<number> {
  const socket = new WebSocket(scene.socketUrl, ["millrace.v1", `bearer.${token}`])
  socket.on("error", () => {})
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }]
  return response.statusCode
}

describe("rights", () => {
  it("[A8] [W64] what the token does not allow is refused for the frame, and tells of no name", async () => {
    const queue = await scene.queue()
    const secret = await scene.queue()
    const { token } = await tokenOf([{ actions: ["produce"], queues: [queue] }])
    const client = await connect(token)
    client.send(
      { type: "publish", ref: 1, queue: secret, messages: [{ body: "x" }] },
      { type: "publish", ref: 2, queue: "absent", messages: [{ body: "x" }] },
      { type: "subscribe", sub: 1, queue, credit: 1 },
      [
        { type: "describe", ref: 3, topic: "absent" },
        { type: "publish", ref: 4, queue, messages: [{ body: "mine" }] },
      ],
    )
    const hidden = await client.take((frame) => frame["ref"] === 1)
    const absent = await client.take((frame) => frame["ref"] === 2)
    const shown = JSON.stringify({ ...hidden, ref: 2 }).replaceAll(secret, "absent")
    expect(shown).toBe(JSON.stringify(absent))
    expect(problemCode(hidden)).toBe("forbidden")
    expect(problemCode(await client.take((frame) => frame["sub"] === 1))).toBe("forbidden")
    expect(problemCode(await client.take((frame) => frame["ref"] === 3))).toBe("forbidden")
    expect(await client.take((frame) => frame["ref"] === 4)).toMatchObject({ type: "confirm" })
    expect(await scene.call("GET", `/v1/queues/${secret}`)).toMatchObject({ statistics: { ready: 0 } })
    await client.close()
  })

  it("[A8] what it allows works, also with the token in a subprotocol", async () => {
    const queue = await scene.queue()
    const { token } = await tokenOf([{ actions: ["produce", "consume"], queues: ["queue-*"] }])
    const socket = new WebSocket(scene.socketUrl, ["millrace.v1", `bearer.${token}`])
    await once(socket, "open")
    expect(socket.protocol).toBe("millrace.v1")
    socket.terminate()
    const client = await connect(token)
    client.send({ type: "subscribe", sub: 1, queue, credit: 1 })
    client.send({ type: "publish", ref: 1, queue, messages: [{ body: "x" }] })
    const [message] = await client.collect(1, 1)
    client.send({ type: "ack", ref: 2, sub: 1, receipts: [message!["receipt"]] })
    expect(await client.takeType("settled")).toMatchObject({ results: [{ ok: true }] })
    await client.close()
  })
})

describe("the end", () => {
  it("[W64] [A3] closes the socket with 4401, not before, and leases wait for a client that comes back", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ["held"])
    const { token, expiresAt } = await tokenOf(null, SHORT_MS)
    const client = await connect(token)
    client.send({ type: "subscribe", sub: 1, queue, credit: 1 })
    expect(bodies(await client.collect(1, 1))).toEqual(["held"])
    expect(await client.closed).toBe(4401)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt)
    expect(await scene.inFlight(queue)).toBe(1)
    expect(await refusedWith(token)).toBe(401)
    const response = await fetch(`${scene.broker.url}/v1/queues`, { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(401)
  })

  it.each([null, 10 * 365 * 24 * 60 * 60 * 1000])(
    "[W64] is not taken for now where it is far off: %s",
    async (endsInMs) => {
      const { token } = await tokenOf(null, endsInMs)
      const client = await connect(token)
      for (let round = 0; round < 3; round++) {
        client.send({ type: "ping" })
        await client.takeType("pong")
      }
      expect(await client.close()).toBe(1000)
    },
  )

  it("[A3] a request that waits goes on", async () => {
    const queue = await scene.queue()
    const { token, expiresAt } = await tokenOf(null, SHORT_MS)
    const waiting = fetch(`${scene.broker.url}/v1/queues/${queue}/receive`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ waitMs: 20_000 }),
    })
    // the end is what is waited for, not a guess at how long something takes
    while (Date.now() <= expiresAt) await new Promise((resolve) => setTimeout(resolve, 50))
    await scene.send(queue, ["late"])
    const received = await (await waiting).json<{ messages: { body: string }[] }>()
    expect(received.messages).toMatchObject([{ body: "late" }])
  })
})
