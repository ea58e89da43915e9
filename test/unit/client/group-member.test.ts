import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { GroupMember } from "../../../src/client/consume/group-member.ts"
import { problemOf, Script, settled } from "./script.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
})

afterEach(() => {
  vi.useRealTimers()
})

const JOINED = { type: "joined", sub: 0, memberId: "m1", heartbeatIntervalMs: 1_000, sessionTimeoutMs: 5_000 }

test("[W59] one that gives something up between two tries to join comes back all the same", async () => {
  const script = new Script()
  const member = new GroupMember({ connection: script } as never, "g", "t", {})
  member.open()
  script.tell(JOINED)
  const place = { topic: "t", partition: 0 }
  script.tell({ type: "assignment", sub: 0, assigned: [{ ...place, epoch: 3, offset: 7 }], revoked: [], lost: [] })
  await settled()
  member.partitions[0]!.isBusy = true
  script.tell({ type: "assignment", sub: 0, assigned: [], revoked: [place], lost: [] })
  script.interrupt()
  script.reconnect()
  script.tell({ type: "error", sub: 0, problem: problemOf("overloaded") })
  script.news()
  // it is done with the record, and so with the partition
  member.partitions[0]!.isBusy = false
  member.changed.wake()
  await settled()
  expect(member.partitions).toEqual([])
  await vi.advanceTimersByTimeAsync(100)
  expect(script.news().at(-1)).toMatchObject({ type: "join", memberId: "m1" })
})

test("one that is closed between two tries to join gets out", async () => {
  const script = new Script()
  const member = new GroupMember({ connection: script } as never, "g", "t", {})
  member.open()
  script.tell({ type: "error", sub: 0, problem: problemOf("overloaded") })
  script.news()
  const left = member.leave()
  await vi.advanceTimersByTimeAsync(100)
  expect(script.news()).toMatchObject([{ type: "join", sub: 1 }])
  script.tell({ ...JOINED, sub: 1 })
  expect(script.news()).toEqual([{ type: "leave", sub: 1 }])
  script.tell({ type: "left", sub: 1 })
  await left
})

test("[W35] one that can't read on commits what is done, and leaves its partitions to others", async () => {
  const script = new Script()
  const story: string[] = []
  const member = new GroupMember({ connection: script } as never, "g", "t", {
    onRevoked: (places) => void story.push(`revoked ${places.length}`),
    onLost: (places) => void story.push(`lost ${places.length}`),
  })
  member.open()
  script.tell(JOINED)
  const assigned = [0, 1].map((partition) => ({ topic: "t", partition, epoch: 3, offset: 7 }))
  script.tell({ type: "assignment", sub: 0, assigned, revoked: [], lost: [] })
  await settled()
  member.partitions[1]!.doneOffset = 9
  script.news()
  script.tell({ type: "error", sub: 1, problem: problemOf("offset_out_of_range") })
  expect(member.failure).toMatchObject({ code: "offset_out_of_range" })
  await settled()
  expect(script.news()).toEqual([{ type: "unsubscribe", sub: 2 }])
  expect(script.calls.map(({ frame }) => frame)).toEqual([
    { type: "commit", group: "g", memberId: "m1", offsets: [{ topic: "t", partition: 1, epoch: 3, offset: 9 }] },
  ])
  script.calls[0]!.answer({ results: [{ topic: "t", partition: 1, offset: 9 }] })
  await settled()
  expect(script.news().at(-1)).toEqual({ type: "leave", sub: 0 })
  script.tell({ type: "assignment", sub: 0, assigned, revoked: [], lost: [] })
  script.tell({ type: "left", sub: 0 })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([story, script.news(), member.partitions]).toEqual([["revoked 2"], [], []])
})
