import { describe, expect, it, vi } from "vitest"
import type { Frame } from "../support/socket-client.ts"
import { SocketMember } from "../support/socket-member.ts"
import { numbered, problemCode, SocketScene } from "../support/socket-scene.ts"

/** Generous: a loaded machine is slow and not wrong. */
const PATIENCE = { timeout: 30_000, interval: 50 }
const SOON = { sessionTimeoutMs: 4000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 5000, autoOffsetReset: "earliest" }
const LONG = { ...SOON, sessionTimeoutMs: 60_000 }

const scene = new SocketScene()

function keyed(count: number, from = 0): object[] {
  return numbered(count, from).map((body) => ({ body, key: body }))
}

async function offsets(group: string): Promise<{ lag: number; partitions: Frame[] }> {
  return (await scene.call("GET", `/v1/groups/${group}/offsets`)) as { lag: number; partitions: Frame[] }
}

async function memberIds(group: string): Promise<unknown[]> {
  const { members } = (await scene.call("GET", `/v1/groups/${group}`)) as { members: Frame[] }
  return members.map(({ memberId }) => memberId)
}

async function join(group: string, topic: string, options: { instanceId?: string } = {}): Promise<SocketMember> {
  return SocketMember.join(await scene.connect(), group, [topic], options)
}

describe("members on sockets", () => {
  it("[W31] [W32] [W37] share a topic; one that is silent is out, and the other reads everything", async () => {
    const topic = await scene.topic(4)
    const group = await scene.group(SOON)
    await scene.append(topic, keyed(200))
    const one = await join(group, topic)
    const other = await join(group, topic)
    await vi.waitUntil(() => one.parts.length === 2 && other.parts.length === 2, PATIENCE)
    await scene.append(topic, keyed(200, 200))
    await vi.waitUntil(() => new Set([...one.seen, ...other.seen]).size === 400, PATIENCE)
    other.silent = true
    await scene.append(topic, keyed(200, 400))
    expect(await other.client.closed).toBe(4409)
    expect(other.client.frames.some((frame) => frame["type"] === "error" && problemCode(frame) === "not_found")).toBe(
      true,
    )
    await vi.waitUntil(() => one.parts.length === 4, PATIENCE)
    await scene.append(topic, keyed(200, 600))
    await vi.waitUntil(() => new Set([...one.seen, ...other.seen]).size === 800, PATIENCE)
    await vi.waitUntil(async () => (await offsets(group)).lag === 0, PATIENCE)
  }, 120_000)

  it("[W33] [W34] what a member gives up goes on where it committed, without a record twice", async () => {
    const topic = await scene.topic(4)
    const group = await scene.group(LONG)
    const one = await join(group, topic)
    await vi.waitUntil(() => one.parts.length === 4, PATIENCE)
    await scene.append(topic, keyed(100))
    const other = await join(group, topic)
    await vi.waitUntil(() => one.parts.length === 2 && other.parts.length === 2, PATIENCE)
    await scene.append(topic, keyed(100, 100))
    await vi.waitUntil(() => one.seen.size + other.seen.size === 200, PATIENCE)
    expect([...one.seen].filter((record) => other.seen.has(record))).toEqual([])
    const problems = [...one.client.frames, ...other.client.frames].filter(({ type }) => type !== "unsubscribed")
    expect(problems).toEqual([])
  }, 120_000)

  it("[W35] [W36] one that leaves is gone at once, one whose socket closes when its session ends", async () => {
    const topic = await scene.topic(1)
    const group = await scene.group(SOON)
    const leaver = await join(group, topic)
    leaver.client.send({ type: "leave", sub: 0 })
    await leaver.client.takeType("left")
    expect(await memberIds(group)).toEqual([])
    const closer = await join(group, topic)
    await closer.client.close()
    expect(await memberIds(group)).toEqual([closer.memberId])
    await vi.waitUntil(async () => (await memberIds(group)).length === 0, PATIENCE)
  }, 60_000)

  it("[W37] a static member that joins elsewhere closes the socket of the one before, and has its partitions", async () => {
    const topic = await scene.topic(2)
    const group = await scene.group(LONG)
    const before = await join(group, topic, { instanceId: "one" })
    await vi.waitUntil(() => before.parts.length === 2, PATIENCE)
    const after = await join(group, topic, { instanceId: "one" })
    expect(await before.client.closed).toBe(4409)
    await vi.waitUntil(() => after.parts.length === 2, PATIENCE)
    expect(await memberIds(group)).toEqual([after.memberId])
  }, 60_000)

  it("[W37] a group that is deleted closes the sockets of its members", async () => {
    const topic = await scene.topic(1)
    const group = await scene.group(LONG)
    const member = await join(group, topic)
    await scene.call("DELETE", `/v1/groups/${group}`)
    expect(await member.client.closed).toBe(4409)
  }, 60_000)
})

describe("offsets over sockets", () => {
  it("[W39] are committed with their metadata, and with records of the same partition in one step", async () => {
    const topic = await scene.topic(2)
    const group = await scene.group(LONG)
    await scene.append(topic, keyed(20))
    const member = await join(group, topic)
    await vi.waitUntil(() => member.seen.size === 20, PATIENCE)
    member.silent = true
    const { client, memberId } = member
    const view = (await offsets(group)).partitions
    const epochs = new Map(view.map(({ partition, epoch }) => [partition, epoch]))
    const end = view[0]!["endOffset"]
    const commits = [
      { topic, partition: 0, epoch: epochs.get(0), offset: 3, metadata: "half", records: [{ body: "out", key: "k" }] },
      { topic, partition: 1, epoch: 0, offset: 3 },
      { topic, partition: 7, epoch: 1, offset: 3 },
    ]
    client.send({ type: "commit", ref: 500, group, memberId, offsets: commits })
    const { results } = (await client.take(({ ref }) => ref === 500)) as { results: Frame[] }
    expect(results).toMatchObject([
      { topic, partition: 0, offset: 3, records: [{ partition: 0, offset: end }] },
      { topic, partition: 1, problem: { code: "fenced" } },
      { topic, partition: 7, problem: { code: "not_found" } },
    ])
    const after = await offsets(group)
    expect(after.partitions).toMatchObject([{ committedOffset: 3, metadata: "half" }, { partition: 1 }])
  }, 60_000)

  it("[W39] of a group without members are committed by whoever may", async () => {
    const topic = await scene.topic(1)
    const group = await scene.group(LONG)
    await scene.append(topic, keyed(5))
    const client = await scene.connect()
    const commit = { type: "commit", ref: 1, group, offsets: [{ topic, partition: 0, offset: 4 }] }
    client.send(commit)
    expect(await client.takeType("committed")).toMatchObject({ ref: 1, results: [{ topic, partition: 0, offset: 4 }] })
    expect(await offsets(group)).toMatchObject({ lag: 1, partitions: [{ committedOffset: 4 }] })
    await join(group, topic)
    client.send({ ...commit, ref: 2 })
    const answer = await client.take(({ ref }) => ref === 2)
    expect(JSON.stringify(answer)).toContain('"code":"conflict"')
  }, 60_000)
})

describe("owners on sockets", () => {
  it("[W40] [W32] a seek ends the subscription of the epoch before, and the socket stays", async () => {
    const topic = await scene.topic(1)
    const group = await scene.group(LONG)
    await scene.append(topic, keyed(10))
    const client = await scene.connect()
    client.send({ type: "join", sub: 0, group, topics: [topic] })
    const { memberId } = (await client.takeType("joined")) as { memberId: string }
    const owns = (frame: Frame): boolean =>
      frame["type"] === "assignment" && (frame["assigned"] as Frame[]).length === 1
    const [part] = (await client.take(owns))["assigned"] as [Frame]
    const owner = { group, memberId, epoch: part["epoch"] }
    client.send({ type: "subscribe", sub: 1, topic, partition: 0, from: 0, credit: 5, ...owner })
    await client.collect(1, 5)
    await scene.call("POST", `/v1/groups/${group}/seek`, { topic, to: { offset: 7 } })
    const ended = await client.takeType("unsubscribed")
    expect([ended["sub"], problemCode(ended)]).toEqual([1, "fenced"])
    const lost = await client.take((frame) => frame["type"] === "assignment" && (frame["lost"] as Frame[]).length === 1)
    expect(lost["lost"]).toEqual([{ topic, partition: 0 }])
    // between the two epochs it may have been told that it has nothing
    const anew = owns(lost) ? lost : await client.take(owns)
    expect(anew).toMatchObject({ assigned: [{ offset: 7 }] })
    client.send({ type: "subscribe", sub: 1, topic, partition: 0, from: 0, credit: 5, ...owner })
    const refused = await client.takeType("error")
    expect([refused["sub"], problemCode(refused)]).toEqual([1, "fenced"])
    const [{ epoch }] = anew["assigned"] as [Frame]
    client.send({ type: "subscribe", sub: 1, topic, partition: 0, from: 7, credit: 5, ...owner, epoch })
    expect((await client.collect(1, 3)).map(({ offset }) => offset)).toEqual([7, 8, 9])
  }, 60_000)
})
