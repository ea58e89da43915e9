import { describe, expect, test } from "vitest"
import { createAdmin, type MillraceError } from "../../src/client/index.ts"
import { ClientScene } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()
const codeOf = (error: unknown): string => (error as MillraceError).code
const admin = (): ReturnType<typeof createAdmin> => createAdmin({ url: scene.broker.url, token: scene.broker.token })

describe("administration", () => {
  test("of queues creates, changes, shows, lists and deletes them", async () => {
    const { queues } = admin()
    const created = await queues.put("a.queue", { maxDeliveries: 3 })
    expect(created).toMatchObject({ name: "a.queue", settings: { maxDeliveries: 3, ordering: "standard" } })
    expect((await queues.put("a.queue", { delayMs: 5 })).settings).toMatchObject({ maxDeliveries: 3, delayMs: 5 })
    expect((await queues.get("a.queue")).statistics).toMatchObject({ ready: 0, oldestAt: null })
    await queues.put("a.second")
    const first = await queues.list({ prefix: "a.", limit: 1 })
    expect(first.queues.map(({ name }) => name)).toEqual(["a.queue"])
    const second = await queues.list({ prefix: "a.", limit: 1, cursor: first.cursor! })
    expect(second.queues.map(({ name }) => name)).toEqual(["a.second"])
    await queues.delete("a.queue")
    expect(await queues.get("a.queue").catch(codeOf)).toMatch(/not_found|being_deleted/)
    expect(await queues.put("a.second", { delayMs: -1 }).catch(codeOf)).toBe("invalid_field")
  })

  test("of messages browses, purges and redrives them", async () => {
    const { queues } = admin()
    const dead = await scene.queueName()
    const queue = await scene.queueName({ deadLetterQueue: dead, maxDeliveries: 1 })
    const path = `/v1/queues/${queue}`
    await scene.send(path, ...upTo(3))
    const [message] = await scene.receive(path)
    await scene.settle("nack", path, { receipts: [message!.receipt], reject: true })
    await expect.poll(async () => (await queues.browse(dead)).messages.length, { timeout: 20_000 }).toBe(1)
    expect((await queues.browse(dead, { reason: "rejected" })).messages).toMatchObject([{ body: 0, state: "ready" }])
    expect((await queues.browse(dead, { header: { name: "x", value: "a:b" } })).messages).toEqual([])
    const redrive = await queues.redrive(dead, { filter: { reason: "rejected" } })
    expect(redrive).toMatchObject({ queue: null, filter: { reason: "rejected" } })
    await expect.poll(async () => (await queues.redrives(dead)).redrives[0]?.moved, { timeout: 20_000 }).toBe(1)
    expect(await queues.cancelRedrive(dead).catch(codeOf)).toMatch(/not_found|conflict/)
    await expect.poll(async () => (await queues.get(queue)).statistics.ready, { timeout: 20_000 }).toBe(3)
    expect(await queues.purge(queue, { state: ["ready", "delayed"] })).toEqual({ removed: 3 })
  })

  test("of topics shows where partitions begin and end, and trims them", async () => {
    const { topics } = admin()
    await topics.put("b.topic", { partitions: 2 })
    await scene.append("/v1/topics/b.topic", ...upTo(5).map((body) => ({ body, partition: 1 })))
    expect((await topics.get("b.topic")).partitions).toMatchObject([{ endOffset: 0 }, { endOffset: 5 }])
    expect(await topics.trim("b.topic", 1, 3)).toMatchObject({ startOffset: 3, endOffset: 5 })
    const { partitions } = await topics.offsets("b.topic", { timestamp: 0 })
    expect(partitions).toMatchObject([{ partition: 0 }, { partition: 1, startOffset: 3, offset: 3 }])
    expect((await topics.list({ prefix: "b." })).topics.map(({ name }) => name)).toEqual(["b.topic"])
    await topics.delete("b.topic")
    expect(await topics.trim("nowhere", 0, 1).catch(codeOf)).toBe("not_found")
  })

  test("of groups commits, seeks and shows how far they lag", async () => {
    const { groups } = admin()
    const topic = await scene.topicName({ partitions: 1 })
    await scene.append(`/v1/topics/${topic}`, ...upTo(10).map((body) => ({ body })))
    await groups.put("c.group", { autoOffsetReset: "earliest" })
    const [done] = (await groups.commit("c.group", [{ topic, partition: 0, offset: 4, metadata: "x" }])).results
    expect(done).toMatchObject({ topic, partition: 0, offset: 4 })
    expect(await groups.offsets("c.group", { topic })).toMatchObject({
      lag: 6,
      partitions: [{ metadata: "x", lag: 6 }],
    })
    const dry = await groups.seek("c.group", { topic, to: { shiftBy: -1 }, dryRun: true })
    expect(dry.results).toMatchObject([{ before: 4, offset: 3 }])
    await groups.seek("c.group", { topic, partitions: [0], to: "latest" })
    expect((await groups.offsets("c.group")).lag).toBe(0)
    expect(await groups.get("c.group")).toMatchObject({ state: "empty", members: [] })
    expect((await groups.list({ prefix: "c." })).groups.map(({ name }) => name)).toEqual(["c.group"])
    await groups.delete("c.group")
  })

  test("of tokens makes one that may do what it says, until its end", async () => {
    const queue = await scene.queueName()
    const { tokens } = admin()
    const made = await tokens.create({ expiresInMs: 60_000, rights: [{ actions: ["produce"], queues: [queue] }] })
    expect(made.expiresAt).toBeGreaterThan(Date.now())
    const client = await scene.connect({ token: made.token })
    await client.queue(queue).send("may")
    expect(await client.queue("other").send("may not").catch(codeOf)).toBe("forbidden")
    expect(await client.admin.queues.delete(queue).catch(codeOf)).toBe("forbidden")
    expect(await client.admin.tokens.create().catch(codeOf)).toBe("forbidden")
  })

  test("of access keys makes them and takes them back", async () => {
    const { tokens } = admin()
    const made = await tokens.createAccessKey({ namespace: "acme", accountId: "123456789012", expiresInMs: null })
    expect(made).toMatchObject({ namespace: "acme", accountId: "123456789012", expiresAt: null, rights: null })
    expect(made.secretAccessKey).toHaveLength(40)
    await tokens.deleteAccessKey(made.accessKeyId)
    expect(await tokens.deleteAccessKey(made.accessKeyId).catch(codeOf)).toBe("not_found")
    expect(await tokens.createAccessKey({ accountId: "12" }).catch(codeOf)).toBe("invalid_field")
  })

  test("has errors with a code where nobody answers, and where it is aborted", async () => {
    const nobody = createAdmin({ url: "http://127.0.0.1:1", token: "x" })
    expect(await nobody.queues.list().catch(codeOf)).toBe("unavailable")
    expect(await admin().queues.list({}, { signal: AbortSignal.abort() }).catch(codeOf)).toBe("aborted")
    const wrong = createAdmin({ url: scene.broker.url, token: async () => "wrong" })
    expect(await wrong.queues.list().catch(codeOf)).toBe("unauthorized")
  })
})
