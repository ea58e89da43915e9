import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Membership } from "../../../src/client/consume/membership.ts"
import type { MillraceError } from "../../../src/client/errors.ts"
import { problemOf, Script, settled } from "./script.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
})

afterEach(() => {
  vi.useRealTimers()
})

const JOINED = { type: "joined", memberId: "m1", heartbeatIntervalMs: 1_000, sessionTimeoutMs: 5_000 }

function member(request: object = {}) {
  const script = new Script()
  const story: string[] = []
  const membership = new Membership(script as never, {
    request: { group: "g", topics: ["t"], ...request },
    owned: () => [{ topic: "t", partition: 0 }],
    assigned: () => void story.push("assigned"),
    lostAll: () => void story.push("lost"),
    failed: (error: MillraceError) => void story.push(error.code),
  })
  membership.open()
  return { script, membership, story }
}

test("[W31] [W33] it joins, and shows that it is there", async () => {
  const { script, membership } = member()
  const [join] = script.news()
  expect(join).toMatchObject({ type: "join", sub: 0, group: "g", topics: ["t"] })
  // what of it had no answer is taken over by the next try
  expect(join!["instanceId"]).toEqual(expect.any(String))
  script.tell({ ...JOINED, sub: 0 })
  expect(membership.memberId).toBe("m1")
  await vi.advanceTimersByTimeAsync(2_000)
  const heartbeat = { type: "heartbeat", sub: 0, owned: [{ topic: "t", partition: 0 }] }
  expect(script.news()).toEqual([heartbeat, heartbeat])
})

test("[W59] it comes back as the member that it was, and anew where that is out", async () => {
  const { script, story } = member()
  script.tell({ ...JOINED, sub: 0 })
  script.interrupt()
  script.news()
  script.reconnect()
  expect(script.news()).toEqual([{ type: "join", sub: 0, memberId: "m1", group: "g", topics: ["t"] }])
  script.tell({ type: "error", sub: 0, problem: problemOf("not_found", { resource: "member" }) })
  expect(story).toEqual(["lost"])
  const [again] = script.news()
  expect(again).toMatchObject({ type: "join", sub: 1 })
  expect(again).not.toHaveProperty("memberId")
})

test("[W37] one that is told that it is out waits for the next socket, and joins there", async () => {
  const { script, story } = member()
  script.tell({ ...JOINED, sub: 0 })
  script.news()
  script.tell({ type: "error", sub: 0, problem: problemOf("not_found", { resource: "member" }) })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([story, script.news()]).toEqual([["lost"], []])
  script.interrupt()
  script.reconnect()
  expect(script.news()).toMatchObject([{ type: "join", sub: 0, instanceId: expect.any(String) as string }])
})

test("[W37] one whose name somebody else has taken does not take it back; one that had slept does", async () => {
  const replaced = member({ instanceId: "blue" })
  replaced.script.tell({ ...JOINED, sub: 0 })
  replaced.script.tell({ type: "error", sub: 0, problem: problemOf("not_found", { resource: "member" }) })
  expect(replaced.story).toEqual(["not_found"])
  const slept = member({ instanceId: "blue" })
  slept.script.tell({ ...JOINED, sub: 0 })
  vi.setSystemTime(Date.now() + 5_000)
  slept.script.tell({ type: "error", sub: 0, problem: problemOf("not_found", { resource: "member" }) })
  expect(slept.story).toEqual(["lost"])
})

test("[W35] it leaves, also where the socket breaks before the answer", async () => {
  const { script, membership } = member()
  script.tell({ ...JOINED, sub: 0 })
  script.news()
  const left = membership.leave()
  script.interrupt()
  script.reconnect()
  script.tell({ ...JOINED, sub: 0 })
  expect(script.news()).toMatchObject([{ type: "leave" }, { type: "join", memberId: "m1" }, { type: "leave" }])
  script.tell({ type: "left", sub: 0 })
  await left
  await settled()
})
