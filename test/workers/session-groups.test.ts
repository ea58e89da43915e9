import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { call, Client, type Frame } from "./session-client.ts"

const SETTINGS = { sessionTimeoutMs: 60_000, autoOffsetReset: "earliest" }

interface Place extends Frame {
  readonly partition: number
}

function hasParts(count: number): (frame: Frame) => boolean {
  return (frame) => (frame["assigned"] as Place[]).length === count
}

async function joined(name: string): Promise<Client> {
  await call("PUT", `/v1/topics/${name}`, { partitions: 2 })
  await call("PUT", `/v1/groups/${name}`, SETTINGS)
  const client = await Client.open()
  client.send({ type: "join", sub: 1, group: name, topics: [name] })
  await client.take("assignment", hasParts(2))
  return client
}

/** Another member takes one of the partitions once the first gives it up. */
async function shareWith(name: string, client: Client): Promise<Client> {
  const other = await Client.open()
  other.send({ type: "join", sub: 1, group: name, topics: [name] })
  const asked = await client.take("assignment", (frame) => (frame["revoked"] as Place[]).length === 1)
  const owned = (asked["assigned"] as Place[]).map(({ topic, partition }) => ({ topic, partition }))
  client.send({ type: "heartbeat", sub: 1, owned })
  await other.take("assignment", hasParts(1))
  return other
}

describe("coordinators that lose their memory", () => {
  it("[W38] one that has slept goes on telling its members", async () => {
    const client = await joined("sleepy-group")
    await evictDurableObject(env.GROUPS.getByName("default/sleepy-group/0"))
    const other = await shareWith("sleepy-group", client)
    client.close()
    other.close()
  })

  it("[W38] one that crashes is watched again, unseen by the client", async () => {
    const client = await joined("crashing-group")
    await abortAllDurableObjects()
    const other = await shareWith("crashing-group", client)
    expect(client.frames.filter(({ type }) => type === "error")).toEqual([])
    client.close()
    other.close()
  })
})

describe("partitions that lose their memory", () => {
  it("[W26] a share group goes on with subscriptions, credit and locks", async () => {
    await call("PUT", "/v1/topics/sleepy-share", { partitions: 1 })
    await call("PUT", "/v1/groups/sleepy-share", { type: "share", autoOffsetReset: "earliest" })
    const client = await Client.open()
    const frame = { type: "subscribe", sub: 1, topic: "sleepy-share", partition: 0, share: "sleepy-share", credit: 2 }
    client.send(frame)
    await client.take("subscribed")
    await call("POST", "/v1/topics/sleepy-share/records", { records: [{ body: "a" }] })
    const [first] = (await client.take("deliver"))["records"] as [Frame]
    await evictDurableObject(env.PARTITIONS.getByName("default/sleepy-share/0"))
    await call("POST", "/v1/topics/sleepy-share/records", { records: [{ body: "b" }, { body: "c" }] })
    expect((await client.take("deliver"))["records"]).toMatchObject([{ body: "b" }])
    await evictDurableObject(env.PARTITIONS.getByName("default/sleepy-share/0"))
    client.send({ type: "ack", ref: 2, sub: 1, receipts: [first["receipt"]] })
    expect((await client.take("settled"))["results"]).toEqual([{ ok: true }])
    client.send({ type: "credit", sub: 1, credit: 3 })
    expect((await client.take("deliver"))["records"]).toMatchObject([{ body: "c", deliveryCount: 1 }])
    client.close()
  })

  it("[W40] the owner's reader goes on, and is fenced by what is granted later", async () => {
    const client = await joined("sleepy-owner")
    const { memberId } = await memberOf("sleepy-owner")
    const epoch = await epochOf("sleepy-owner")
    const owner = { group: "sleepy-owner", memberId, epoch }
    client.send({ type: "subscribe", sub: 2, topic: "sleepy-owner", partition: 0, from: 0, credit: 9, ...owner })
    await client.take("subscribed")
    await evictDurableObject(env.PARTITIONS.getByName("default/sleepy-owner/0"))
    await call("POST", "/v1/topics/sleepy-owner/records", { records: [{ body: "a", partition: 0 }] })
    expect((await client.take("deliver"))["records"]).toMatchObject([{ body: "a" }])
    await evictDurableObject(env.PARTITIONS.getByName("default/sleepy-owner/0"))
    await call("POST", "/v1/groups/sleepy-owner/seek", { topic: "sleepy-owner", to: "earliest" })
    expect(await client.take("unsubscribed")).toMatchObject({ sub: 2, problem: { code: "fenced" } })
    client.close()
  })
})

async function memberOf(group: string): Promise<{ memberId: string }> {
  const { members } = await call("GET", `/v1/groups/${group}`, null)
  return (members as [{ memberId: string }])[0]
}

async function epochOf(group: string): Promise<number> {
  const { partitions } = await call("GET", `/v1/groups/${group}/offsets`, null)
  return (partitions as [{ epoch: number }])[0].epoch
}
