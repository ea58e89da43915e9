import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Commits } from "../../../src/client/consume/commits.ts"
import { Settler } from "../../../src/client/consume/settler.ts"
import { errorOf } from "../../../src/client/errors.ts"
import { upTo } from "../../support/http.ts"
import { problemOf, Script, settled } from "./script.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})

afterEach(() => {
  vi.useRealTimers()
})

const OK = { ok: true }

test("[W17] what is settled in one turn goes as one frame of each kind, and each learns what became of it", async () => {
  const script = new Script()
  const settler = new Settler(script, () => ({ queue: "jobs" }))
  const acks = ["a", "b"].map((receipt) => settler.settle("ack", { receipt }))
  const nack = settler.settle("nack", { receipt: "c", delayMs: 5 })
  await settled()
  expect(script.calls.map(({ frame }) => frame)).toEqual([
    { type: "ack", queue: "jobs", receipts: ["a", "b"] },
    { type: "nack", queue: "jobs", entries: [{ receipt: "c", delayMs: 5 }] },
  ])
  script.calls[0]!.answer({ results: [OK, { problem: problemOf("receipt_expired") }] })
  script.calls[1]!.answer({ results: [OK] })
  await acks[0]
  await expect(acks[1]).rejects.toMatchObject({ code: "receipt_expired" })
  await nack
  await settler.idle()
})

test("[W17] no frame has more than the broker takes", async () => {
  const script = new Script()
  const settler = new Settler(script, () => ({ queue: "jobs" }))
  const all = upTo(2_500).map((number) => settler.settle("ack", { receipt: `${number}` }))
  await settled()
  const sizes = script.calls.map(({ frame }) => (frame["receipts"] as unknown[]).length)
  expect(sizes).toEqual([1_000, 1_000, 500])
  for (const [index, call] of script.calls.entries()) call.answer({ results: upTo(sizes[index]!).map(() => OK) })
  await Promise.all(all)
})

test("[W58] what may pass is said again, and only that", async () => {
  const script = new Script()
  const settler = new Settler(script, () => ({ topic: "flights", share: "mailers" }))
  const acks = ["a", "b"].map((receipt) => settler.settle("ack", { receipt }))
  await settled()
  script.calls[0]!.answer({ results: [OK, { problem: problemOf("unavailable") }] })
  await acks[0]
  await vi.advanceTimersByTimeAsync(50)
  expect(script.calls[1]!.frame).toEqual({ type: "ack", topic: "flights", share: "mailers", receipts: ["b"] })
  script.calls[1]!.refuse(errorOf(problemOf("overloaded", { retryAfterMs: 1_000 })))
  await vi.advanceTimersByTimeAsync(499)
  expect(script.calls).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(501)
  script.calls[2]!.answer({ results: [OK] })
  await acks[1]
})

test("[W39] a commit waits for the one before it, and then says what is newest", async () => {
  const script = new Script()
  const commits = new Commits(new Settler(script, () => ({ group: "g", memberId: "m" })))
  let offset = 1
  const entries = () => [{ topic: "t", partition: 0, epoch: 3, offset }]
  const first = commits.commit(entries)
  await settled()
  const second = commits.commit(entries)
  offset = 2
  await settled()
  expect(script.calls.map(({ frame }) => frame)).toEqual([
    { type: "commit", group: "g", memberId: "m", offsets: [{ topic: "t", partition: 0, epoch: 3, offset: 1 }] },
  ])
  script.calls[0]!.answer({ results: [{ topic: "t", partition: 0, problem: problemOf("fenced") }] })
  await expect(first).rejects.toMatchObject({ code: "fenced" })
  await settled()
  expect(script.calls[1]!.frame["offsets"]).toMatchObject([{ offset: 2 }])
  script.calls[1]!.answer({ results: [{ topic: "t", partition: 0, offset: 2 }] })
  await second
})
