import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { planTrim } from "../../../src/core/log/trim.ts"

const ROWS = [
  { baseOffset: 10, lastOffset: 19 },
  { baseOffset: 20, lastOffset: 20 },
  { baseOffset: 21, lastOffset: 39 },
]

describe("planTrim", () => {
  it("[L23] drops the rows wholly below the new start", () => {
    expect(planTrim(ROWS, 10, 40, 19)).toEqual({ startOffset: 19, dropped: [] })
    expect(planTrim(ROWS, 10, 40, 20)).toEqual({ startOffset: 20, dropped: ROWS.slice(0, 1) })
    expect(planTrim(ROWS, 10, 40, 30)).toEqual({ startOffset: 30, dropped: ROWS.slice(0, 2) })
    expect(planTrim(ROWS, 10, 40, 40)).toEqual({ startOffset: 40, dropped: ROWS })
  })

  it("[L23] never moves the start back or beyond the end", () => {
    expect(planTrim(ROWS, 15, 40, 3)).toEqual({ startOffset: 15, dropped: [] })
    expect(planTrim(ROWS, 15, 40, 1000)).toEqual({ startOffset: 40, dropped: ROWS })
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(120), (startOffset, records, beforeOffset) => {
        const endOffset = startOffset + records
        const plan = planTrim(ROWS, startOffset, endOffset, beforeOffset)
        expect(plan.startOffset).toBeGreaterThanOrEqual(startOffset)
        expect(plan.startOffset).toBeLessThanOrEqual(endOffset)
        if (beforeOffset >= startOffset && beforeOffset <= endOffset) expect(plan.startOffset).toBe(beforeOffset)
        expect(plan.dropped).toEqual(ROWS.filter(({ lastOffset }) => lastOffset < plan.startOffset))
      }),
    )
  })
})
