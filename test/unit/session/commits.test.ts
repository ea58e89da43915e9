import { describe, expect, it, vi } from "vitest"
import { GIVE_UP_WAIT_MS } from "../../../src/core/limits.ts"
import { err, ok } from "../../../src/core/result.ts"
import { Turns } from "../../../src/session/turns.ts"
import { owned } from "./fake-groups.ts"
import { FakeBroker, FakeClient, settled } from "./fakes.ts"

const FENCED = { code: "fenced", epoch: 9 } as const

function commit(ref: number, memberId: string, ...partitions: number[]): object {
  const offsets = partitions.map((partition) => ({ topic: "t", partition, epoch: 4, offset: 10 + ref }))
  return { type: "commit", ref, group: "g", memberId, offsets }
}

async function joined(): Promise<FakeClient> {
  const client = new FakeClient(new FakeBroker().group("g").topic("t", 4))
  client.broker.groups.partitions = [owned("t", 0), owned("t", 1)]
  await client.say({ type: "join", sub: 1, group: "g", topics: ["t"] })
  client.take()
  return client
}

describe("commits", () => {
  it("[W39] are answered once, with a result for each offset in order", async () => {
    const client = await joined()
    const { groups } = client.broker
    const { memberId } = groups
    groups.outcomes.push(ok([ok({ offset: 11, appended: null }), err(FENCED)]))
    await client.say(commit(1, memberId, 0, 3))
    expect(groups.commits).toMatchObject([
      ["g", { memberId, offsets: [{ topic: "t", partition: 0, epoch: 4, offset: 11 }, {}] }],
    ])
    expect(client.take()).toMatchObject([
      {
        type: "committed",
        ref: 1,
        results: [
          { topic: "t", partition: 0, offset: 11 },
          { topic: "t", partition: 3, problem: { code: "fenced" } },
        ],
      },
    ])
    expect(client.closedWith).toBeNull()
  })

  it("[W39] where nothing of it was done the answer is an error", async () => {
    const client = await joined()
    client.broker.groups.refusals.set("commit", { code: "not_found", resource: "group", name: "g" })
    await client.say(commit(2, "m", 0))
    expect(client.take()).toMatchObject([{ type: "error", ref: 2, problem: { code: "not_found" } }])
  })

  it("[W39] [W37] a member that is fenced because it is out hears both, and its socket is closed", async () => {
    const client = await joined()
    const { groups } = client.broker
    groups.outcomes.push(ok([err(FENCED)]))
    groups.refusals.set("member", { code: "not_found", resource: "member", name: "m" })
    await client.say(commit(1, groups.memberId, 0))
    expect(client.take()).toMatchObject([
      { type: "committed", ref: 1, results: [{ problem: { code: "fenced" } }] },
      { type: "error", sub: 1, problem: { code: "not_found" } },
    ])
    expect(client.closedWith).toEqual([4409, "fenced"])
  })

  it("[W34] what a heartbeat gives up waits for the commits to it, and nothing else does", async () => {
    const client = await joined()
    const { groups } = client.broker
    const { memberId } = groups
    const { promise, resolve } = Promise.withResolvers<void>()
    groups.gate = promise
    await client.say(commit(1, memberId, 0), commit(2, memberId, 1), commit(3, "another", 1))
    const kept = { topic: "t", partition: 0 }
    await client.say({ type: "heartbeat", sub: 1, owned: [kept] }, commit(4, memberId, 2))
    expect(groups.calls).toEqual(["join", "commit", "commit", "commit", "commit"])
    resolve()
    await settled()
    expect(groups.calls.at(-1)).toBe("heartbeat")
    expect(groups.heartbeats).toMatchObject([{ owned: [kept] }])
    expect(client.take().map(({ type, ref }) => ref ?? type)).toEqual([1, 2, 3, 4, "alive"])
  })

  it("[W34] a heartbeat of what is committed to, or of nothing, does not wait", async () => {
    const client = await joined()
    const { groups } = client.broker
    const { promise, resolve } = Promise.withResolvers<void>()
    groups.gate = promise
    await client.say(commit(1, groups.memberId, 1), { type: "heartbeat", sub: 1 })
    expect(groups.calls).toEqual(["join", "commit", "heartbeat"])
    resolve()
    await settled()
    groups.gate = new Promise<void>(() => {})
    await client.say(commit(2, groups.memberId, 1), {
      type: "heartbeat",
      sub: 1,
      owned: [{ topic: "t", partition: 1 }],
    })
    expect(groups.calls.slice(3)).toEqual(["commit", "heartbeat"])
  })

  it("[W34] a heartbeat does not wait for long: the partition is given up with a later one", async () => {
    vi.useFakeTimers()
    try {
      const client = await later(joined())
      const { groups } = client.broker
      const { promise, resolve } = Promise.withResolvers<void>()
      groups.gate = promise
      client.session.receive(JSON.stringify([commit(1, groups.memberId, 1), { type: "heartbeat", sub: 1, owned: [] }]))
      await vi.advanceTimersByTimeAsync(GIVE_UP_WAIT_MS - 1)
      expect(groups.heartbeats).toEqual([])
      await vi.advanceTimersByTimeAsync(2)
      expect(groups.heartbeats).toMatchObject([{ owned: [{ topic: "t", partition: 1 }] }])
      resolve()
      await vi.advanceTimersByTimeAsync(1)
      client.session.receive(JSON.stringify({ type: "heartbeat", sub: 1, owned: [] }))
      await vi.advanceTimersByTimeAsync(1)
      expect(groups.heartbeats).toMatchObject([{}, { owned: [] }])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it("[W34] a leave waits for the commits of its member", async () => {
    const client = await joined()
    const { groups } = client.broker
    const { promise, resolve } = Promise.withResolvers<void>()
    groups.gate = promise
    await client.say(commit(1, groups.memberId, 0), commit(2, "another", 1), { type: "leave", sub: 1 })
    expect(groups.calls).toEqual(["join", "commit", "commit"])
    resolve()
    await settled()
    expect(client.take().map(({ type, ref }) => ref ?? type)).toEqual([1, 2, "left"])
  })

  it("[W34] those of one partition are done one after the other", async () => {
    const client = await joined()
    const { groups } = client.broker
    const { promise, resolve } = Promise.withResolvers<void>()
    groups.gate = promise
    await client.say(commit(1, "m", 0, 1), commit(2, "m", 1, 2), commit(3, "m", 3), commit(4, "m", 2))
    expect(groups.commits.map(([, { offsets }]) => offsets.map(({ partition }) => partition))).toEqual([[0, 1], [3]])
    resolve()
    await settled()
    expect(client.take().map(({ ref }) => ref)).toEqual([1, 3, 2, 4])
  })
})

describe("turns", () => {
  it("[W34] steps that share a key are done in their order, and then forgotten", async () => {
    const turns = new Turns()
    const done: string[] = []
    const step = (name: string, waits: number) => async (): Promise<void> => {
      for (let turn = 0; turn < waits; turn++) await Promise.resolve()
      done.push(name)
    }
    turns.run(["x/a"], step("a", 9))
    turns.run(["x/b"], step("b", 1))
    turns.run(["x/a", "x/b"], step("ab", 1))
    turns.run(["y/a"], step("ya", 0))
    expect([...turns.unfinished("x/").keys()]).toEqual(["a", "b"])
    await settled()
    expect(done).toEqual(["ya", "b", "a", "ab"])
    expect(turns.unfinished("").size).toBe(0)
  })
})

/** What `promise` resolves to once timers that are made up have run. */
async function later<T>(promise: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(100)
  return promise
}
