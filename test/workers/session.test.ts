import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { call, Client, type Frame } from "./session-client.ts"

describe("objects that lose their memory", () => {
  it("[W26] a queue goes on with subscriptions, credit and leases", async () => {
    await call("PUT", "/v1/queues/sleepy", {})
    const client = await Client.open()
    client.send({ type: "publish", ref: 1, queue: "sleepy", messages: [{ body: "a" }] })
    client.send({ type: "subscribe", sub: 1, queue: "sleepy", credit: 2 })
    const first = (await client.take("deliver"))["messages"] as Frame[]
    await evictDurableObject(env.QUEUES.getByName("default/sleepy/0"))
    await call("POST", "/v1/queues/sleepy/messages", { messages: [{ body: "b" }, { body: "c" }] })
    expect((await client.take("deliver"))["messages"]).toMatchObject([{ body: "b" }])
    await evictDurableObject(env.QUEUES.getByName("default/sleepy/0"))
    client.send({ type: "ack", ref: 2, sub: 1, receipts: [first[0]!["receipt"]] })
    expect((await client.take("settled"))["results"]).toEqual([{ ok: true }])
    client.send({ type: "credit", sub: 1, credit: 3 })
    expect((await client.take("deliver"))["messages"]).toMatchObject([{ body: "c", deliveryCount: 1 }])
    client.close()
  })

  it("[W26] a partition goes on where its reader was", async () => {
    await call("PUT", "/v1/topics/sleepy", { partitions: 1 })
    const client = await Client.open()
    client.send({ type: "subscribe", sub: 1, topic: "sleepy", partition: 0, from: "earliest", credit: 3 })
    await client.take("subscribed")
    await call("POST", "/v1/topics/sleepy/records", { records: [{ body: "a" }, { body: "b" }] })
    expect(await client.take("deliver")).toMatchObject({ records: [{ body: "a" }, { body: "b" }], nextOffset: 2 })
    await evictDurableObject(env.PARTITIONS.getByName("default/sleepy/0"))
    await call("POST", "/v1/topics/sleepy/records", { records: [{ body: "c" }, { body: "d" }] })
    expect(await client.take("deliver")).toMatchObject({ records: [{ offset: 2, body: "c" }], nextOffset: 3 })
    client.close()
  })

  it("[W21] an object that crashes ends its subscriptions, and is reached again by the next use", async () => {
    await call("PUT", "/v1/queues/crashing", {})
    const client = await Client.open()
    client.send({ type: "subscribe", sub: 1, queue: "crashing", credit: 2 })
    await client.take("subscribed")
    await abortAllDurableObjects()
    expect(await client.take("unsubscribed")).toMatchObject({ sub: 1, problem: { code: "unavailable" } })
    client.send({ type: "publish", ref: 1, queue: "crashing", messages: [{ body: "x" }] })
    client.send({ type: "subscribe", sub: 1, queue: "crashing", credit: 2 })
    expect(await client.take("confirm")).toMatchObject({ ref: 1 })
    expect((await client.take("deliver"))["messages"]).toMatchObject([{ body: "x" }])
    client.close()
  })
})
