import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { followPartitions } from "../../../src/client/consume/partition-count.ts"
import { errorOf } from "../../../src/client/errors.ts"
import { problemOf, Script, settled } from "./script.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})

afterEach(() => {
  vi.useRealTimers()
})

test("[W54] the number of partitions is asked for every minute, and soon again where nobody could say", async () => {
  const script = new Script()
  const heard: unknown[] = []
  const stop = followPartitions(script, "flights", {
    counted: (count) => heard.push(count),
    failed: (error) => heard.push(error.code),
  })
  script.calls[0]!.answer({ partitions: 2 })
  await vi.advanceTimersByTimeAsync(59_999)
  expect(script.calls).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  script.calls[1]!.refuse(errorOf(problemOf("unavailable")))
  await vi.advanceTimersByTimeAsync(500)
  script.calls[2]!.answer({ partitions: 3 })
  await settled()
  expect(heard).toEqual([2, 3])
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(script.calls).toHaveLength(3)
})

test("[W54] a topic that is not there is an end", async () => {
  const script = new Script()
  const heard: unknown[] = []
  followPartitions(script, "flights", { counted: () => {}, failed: (error) => heard.push(error.code) })
  script.calls[0]!.refuse(errorOf(problemOf("not_found")))
  await vi.advanceTimersByTimeAsync(60_000)
  expect([heard, script.calls.length]).toEqual([["not_found"], 1])
})
