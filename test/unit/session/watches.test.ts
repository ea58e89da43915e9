import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { FIRST_WATCH_RETRY_MS, LAST_WATCH_RETRY_MS } from "../../../src/core/limits.ts"
import { owned } from "./fake-groups.ts"
import { FakeBroker, FakeClient, type FakeSocket } from "./fakes.ts"

const JOIN = { type: "join", sub: 9, group: "g", topics: ["t"] }
const UNREACHABLE = { code: "unavailable", retryAfterMs: 1000 } as const

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function sockets({ broker }: FakeClient): readonly FakeSocket[] {
  return broker.sockets.get("group/g") ?? []
}

async function joined(): Promise<FakeClient> {
  const client = new FakeClient(new FakeBroker().group("g"))
  client.broker.groups.partitions = [owned("t", 0)]
  client.session.receive(JSON.stringify(JOIN))
  await vi.advanceTimersByTimeAsync(1)
  client.broker.socket("group/g").say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: null })
  await vi.advanceTimersByTimeAsync(1)
  client.take()
  return client
}

describe("a coordinator that goes away", () => {
  it("[W38] is watched again, and what changed meanwhile is told", async () => {
    const client = await joined()
    client.broker.groups.partitions = [owned("t", 0), owned("t", 1)]
    client.broker.socket("group/g").events.closed(1006, "")
    await vi.advanceTimersByTimeAsync(FIRST_WATCH_RETRY_MS)
    expect(sockets(client)).toHaveLength(2)
    const { memberId } = client.broker.groups
    expect(client.broker.socket("group/g").operations).toEqual([{ type: "watch-member", sub: 2, memberId }])
    expect(client.take()).toEqual([])
    client.broker.socket("group/g").say({ type: "subscribed", sub: 2, incarnation: 7, nextOffset: null })
    await vi.advanceTimersByTimeAsync(1)
    expect(client.take()).toMatchObject([{ type: "assignment", assigned: [{ partition: 0 }, { partition: 1 }] }])
  })

  it("[W38] is tried more and more seldom while it can't be reached, and at once again after it was", async () => {
    const client = await joined()
    const { broker } = client
    broker.refusals.push(...Array.from({ length: 12 }, () => UNREACHABLE))
    broker.socket("group/g").events.closed(1006, "")
    const tries: number[] = []
    for (let left = 12; left > 0;) {
      const before = Date.now()
      while (broker.refusals.length === left) await vi.advanceTimersByTimeAsync(10)
      left = broker.refusals.length
      tries.push(Date.now() - before)
    }
    expect(tries[0]).toBeLessThanOrEqual(FIRST_WATCH_RETRY_MS + 10)
    expect(tries.at(-1)).toBeGreaterThanOrEqual(LAST_WATCH_RETRY_MS / 2)
    expect(Math.max(...tries)).toBeLessThanOrEqual(LAST_WATCH_RETRY_MS + 10)
    await vi.advanceTimersByTimeAsync(LAST_WATCH_RETRY_MS)
    const [watch] = broker.socket("group/g").operations
    const sub = watch?.type === "watch-member" ? watch.sub : 0
    broker.socket("group/g").say({ type: "subscribed", sub, incarnation: 7, nextOffset: null })
    await vi.advanceTimersByTimeAsync(1)
    broker.socket("group/g").events.closed(1006, "")
    await vi.advanceTimersByTimeAsync(FIRST_WATCH_RETRY_MS)
    expect(sockets(client)).toHaveLength(3)
    expect(client.take()).toEqual([])
  })

  it("[W38] a look that fails is made again by watching anew", async () => {
    const client = await joined()
    const { groups } = client.broker
    groups.refusals.set("member", UNREACHABLE)
    groups.partitions = [owned("t", 3)]
    client.broker.socket("group/g").say({ type: "member-news", sub: 1 })
    await vi.advanceTimersByTimeAsync(FIRST_WATCH_RETRY_MS)
    groups.refusals.clear()
    expect(client.broker.socket("group/g").operations).toMatchObject([{ sub: 1 }, { type: "watch-member", sub: 2 }])
    client.broker.socket("group/g").say({ type: "subscribed", sub: 2, incarnation: 7, nextOffset: null })
    await vi.advanceTimersByTimeAsync(1)
    expect(client.take()).toMatchObject([{ type: "assignment", assigned: [{ partition: 3 }] }])
  })

  it("[W38] is not looked for once the member has left or the client is gone", async () => {
    const left = await joined()
    left.broker.socket("group/g").events.closed(1006, "")
    left.session.receive(JSON.stringify({ type: "leave", sub: 9 }))
    const gone = await joined()
    gone.broker.socket("group/g").events.closed(1006, "")
    gone.session.close(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(2 * LAST_WATCH_RETRY_MS)
    expect([sockets(left).length, sockets(gone).length]).toEqual([1, 1])
  })

  it("[W37] where it knows the member no more when it is back, the member is out", async () => {
    const client = await joined()
    client.broker.socket("group/g").events.closed(1006, "")
    await vi.advanceTimersByTimeAsync(FIRST_WATCH_RETRY_MS)
    const failure = { code: "not_found", resource: "member", name: "m" } as const
    client.broker.socket("group/g").say({ type: "failed", refs: [], sub: 2, failure })
    await vi.advanceTimersByTimeAsync(1)
    expect(client.closedWith).toEqual([4409, "fenced"])
  })
})
