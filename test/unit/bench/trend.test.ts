import { describe, expect, it } from "vitest"
import { growthBytes, isFlat, noiseBytes, type Point, trendOf } from "../../../bench/soak/trend.ts"
import { Random } from "../../simulation/random.ts"

const MIB = 1024 * 1024
const SECOND_MS = 1_000
const HALF_HOUR = 1_800

/** What a process has in memory, second by second. */
function memory(seconds: number, mibAt: (second: number, random: Random) => number): readonly Point[] {
  const random = new Random(1)
  return Array.from({ length: seconds }, (_, second) => ({
    atMs: second * SECOND_MS,
    bytes: mibAt(second, random) * MIB,
  }))
}

const jitter = (random: Random): number => 4 * random.next()

describe("memory is flat", () => {
  it.each<[string, (second: number, random: Random) => number]>([
    ["where it stays where it is", () => 250],
    ["where it jitters", (_, random) => 250 + 10 * random.next()],
    ["where a collector lets it rise and fall", (second, random) => 200 + (second % 90) + jitter(random)],
    ["where it falls", (second, random) => 300 - second / 30 + jitter(random)],
    ["where it has a peak now and then", (second, random) => 250 + (second % 400 < 20 ? 200 : 0) + jitter(random)],
    ["where it has one peak at the end", (second, random) => 250 + (second > 1_700 ? 150 : 0) + jitter(random)],
  ])("%s", (_, mibAt) => {
    expect(isFlat(trendOf(memory(HALF_HOUR, mibAt)))).toBe(true)
  })
})

describe("memory is not flat", () => {
  it.each<[string, (second: number, random: Random) => number]>([
    ["where a little is lost with each operation", (second, random) => 250 + second / 60 + jitter(random)],
    [
      "where a collector frees less and less",
      (second, random) => 200 + (second % 60) / 3 + second / 20 + jitter(random),
    ],
    ["where it grows in steps", (second, random) => 250 + 10 * Math.floor(second / 200) + jitter(random)],
  ])("%s", (_, mibAt) => {
    expect(isFlat(trendOf(memory(HALF_HOUR, mibAt)))).toBe(false)
  })
})

describe("a trend", () => {
  it("has the level, the slope and the spread of its points", () => {
    const trend = trendOf(memory(200, (second) => 100 + second / 100 + (second % 2)))
    expect(trend).toMatchObject({ fromMs: 0, untilMs: 199 * SECOND_MS })
    expect(growthBytes(trend) / MIB).toBeCloseTo(1.99, 1)
    expect(trend.levelBytes / MIB).toBeCloseTo(101.5, 0)
    expect(trend.spreadBytes / MIB).toBeCloseTo(1, 1)
    expect(noiseBytes(trend)).toBe(trend.levelBytes * 0.05)
  })

  it("takes any number of points in a moment", () => {
    const trend = trendOf(memory(24 * 60 * 60, (second, random) => 250 + second / 3_600 + jitter(random)))
    expect(growthBytes(trend) / MIB).toBeCloseTo(24, 0)
  })

  it("is none of two points", () => {
    expect(() => trendOf(memory(2, () => 1))).toThrow("too few")
  })
})
