import { describe, expect, it } from "vitest"
import { codeOf, FakeBroker, FakeClient, settled } from "./fakes.ts"

const SUBSCRIBE = { type: "subscribe", sub: 1, queue: "jobs", credit: 10 }
const PUBLISH = { type: "publish", ref: 1, queue: "jobs", messages: [{ body: "x" }] }

async function busy(): Promise<FakeClient> {
  const client = new FakeClient(new FakeBroker().queue("jobs"))
  await client.say(SUBSCRIBE, PUBLISH)
  client.broker.socket("queue/jobs").say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: null })
  await settled()
  client.take()
  return client
}

describe("ends of the client", () => {
  it("[W19] a goodbye is passed on behind everything that was said before", async () => {
    const client = await busy()
    client.session.receive(JSON.stringify(PUBLISH))
    client.session.close(true)
    const socket = client.broker.socket("queue/jobs")
    expect(socket.types.slice(-2)).toEqual(["publish", "bye"])
    expect(socket.closedWith).toBe(1000)
    await settled()
    expect(client.take()).toEqual([])
  })

  it("[W19] a goodbye also reaches a socket that is still being opened", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    client.session.receive(JSON.stringify(PUBLISH))
    await Promise.resolve()
    client.session.close(true)
    await settled()
    for (const socket of client.broker.sockets.get("queue/jobs") ?? []) expect(socket.closedWith).toBe(1000)
  })

  it("[W20] a client that breaks off says no goodbye", async () => {
    const client = await busy()
    client.session.close(false)
    const socket = client.broker.socket("queue/jobs")
    expect(socket.types).not.toContain("bye")
    expect(socket.closedWith).toBe(3001)
  })
})

describe("ends of an object", () => {
  it("[W21] what was not answered is unavailable, subscriptions end, and the next use reaches it anew", async () => {
    const client = await busy()
    client.broker.socket("queue/jobs").events.closed(1006, "")
    await settled()
    expect(client.take().map((frame) => [frame["type"], codeOf(frame)])).toEqual([
      ["error", "unavailable"],
      ["unsubscribed", "unavailable"],
    ])
    await client.say(SUBSCRIBE)
    expect(client.broker.sockets.get("queue/jobs")).toHaveLength(2)
    expect(client.broker.resolved).toEqual(["jobs", "jobs"])
    expect(client.broker.socket("queue/jobs").types).toEqual(["subscribe-queue"])
  })

  it("[W21] where the queue was deleted they hear that", async () => {
    const client = await busy()
    client.broker.socket("queue/jobs").events.closed(4404, "not_found")
    await settled()
    expect(client.take().map(codeOf)).toEqual(["not_found", "not_found"])
  })

  it("[W22] an object that knows better has the settings loaded again, once", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    client.broker.refusals.push({ code: "stale_metadata", version: 2 })
    client.broker.version = 2
    await client.say(PUBLISH)
    expect(client.broker.resolved).toEqual(["jobs", "jobs fresh"])
    expect(client.broker.socket("queue/jobs").types).toEqual(["publish"])
    client.broker.refusals.push({ code: "stale_metadata", version: 3 }, { code: "stale_metadata", version: 4 })
    client.broker.queue("other")
    await client.say({ ...PUBLISH, ref: 2, queue: "other" })
    expect(client.take()).toMatchObject([{ type: "error", ref: 2, problem: { code: "stale_metadata" } }])
  })

  it("[K5] an object without its database is damaged, unless its queue was created again meanwhile", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const { broker } = client
    broker.refusals.push({ code: "not_found", resource: "queue", name: "jobs" })
    await client.say(PUBLISH)
    expect(client.take().map(codeOf)).toEqual(["corrupt_storage"])
    broker.refusals.push({ code: "not_found", resource: "queue", name: "jobs" })
    let lives = 0
    Object.defineProperty(broker, "incarnation", { get: () => ++lives })
    await client.say({ ...PUBLISH, ref: 2 })
    expect(broker.socket("queue/jobs").types).toEqual(["publish"])
  })

  it("[W22] what was checked against other settings is refused", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    const { broker } = client
    broker.refusals.push({ code: "stale_metadata", version: 2 })
    await client.say({ type: "ping" })
    client.take()
    client.session.receive(JSON.stringify({ type: "publish", ref: 1, topic: "t", records: [{ body: "x" }] }))
    // The first answer is under way with one partition; the one after it has two.
    await Promise.resolve()
    broker.gate = broker.gate.then(() => void broker.topic("t", 2))
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", ref: 1, problem: { code: "stale_metadata" } }])
  })
})
