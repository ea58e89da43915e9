import { expect, it } from "vitest"
import { Latencies } from "../../../bench/soak/latencies.ts"

/** As exact as a percentile is. */
const EXACT = 1.05

it("tells percentiles to one part in twenty, from a tenth of a millisecond to minutes", () => {
  const latencies = new Latencies()
  for (let tenths = 1; tenths <= 600_000; tenths++) latencies.add(tenths / 10)
  for (const share of [0.001, 0.5, 0.99, 1]) {
    const exactMs = share * 60_000
    expect(latencies.quantileMs(share)).toBeGreaterThanOrEqual(exactMs)
    expect(latencies.quantileMs(share)).toBeLessThanOrEqual(exactMs * EXACT)
  }
  expect(latencies.total).toBe(600_000)
  expect(latencies.highestMs).toBe(60_000)
})

it("says nothing of nothing, and never more than the highest", () => {
  const latencies = new Latencies()
  expect(latencies.quantileMs(0.5)).toBeNull()
  latencies.add(7)
  expect(latencies.quantileMs(0)).toBeLessThanOrEqual(7)
  expect(latencies.quantileMs(1)).toBe(7)
})
