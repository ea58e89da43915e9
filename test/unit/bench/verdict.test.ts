import { describe, expect, it } from "vitest"
import type { Trend } from "../../../bench/soak/trend.ts"
import { isGood, memoryVerdict } from "../../../bench/soak/verdict.ts"

const MINUTE_MS = 60_000
const STEADY: Trend = { fromMs: 0, untilMs: 10 * MINUTE_MS, levelBytes: 300, bytesPerMs: 0, spreadBytes: 3 }
/** From 250 to 350. */
const GROWING: Trend = { ...STEADY, bytesPerMs: 10 / MINUTE_MS }
const BROKEN = { rule: "lost", detail: "m1 never came", at: 1 }

describe("memory", () => {
  it("is flat where it grows by no more than its noise, however much it is", () => {
    expect(memoryVerdict(STEADY, 100)).toBe("flat")
    expect(memoryVerdict({ ...GROWING, spreadBytes: 100 }, 100)).toBe("flat")
  })

  it("may grow as far as that of a process of no-ops", () => {
    expect(memoryVerdict(GROWING, 350)).toBe("not grown up yet")
    expect(memoryVerdict(GROWING, 349)).toBe("NOT FLAT")
  })

  it("is not judged where there was no time for it", () => {
    expect(memoryVerdict(null, 100)).toBe("not judged")
  })
})

it("a soak is good unless a promise was broken or memory grew", () => {
  expect(isGood({ memory: STEADY, noopBytes: 250, violations: [] })).toBe(true)
  expect(isGood({ memory: null, noopBytes: 250, violations: [] })).toBe(true)
  expect(isGood({ memory: GROWING, noopBytes: 250, violations: [] })).toBe(false)
  expect(isGood({ memory: STEADY, noopBytes: 250, violations: [BROKEN] })).toBe(false)
})
