import { expect, it } from "vitest"
import { killTimes } from "../../../bench/soak/kills.ts"
import { soakOptions } from "../../../bench/soak/options.ts"

const MINUTE_MS = 60_000

it("kills as often as it is told in the first part, one after the other, and leaves the second half alone", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const times = killTimes({ ...soakOptions(["--minutes", "60", "--kills-per-minute", "2"]), seed })
    expect(times).toHaveLength(120)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    expect(Math.max(...times)).toBeLessThan(18 * MINUTE_MS)
    for (const [index, atMs] of times.entries()) expect(Math.floor(atMs / (0.15 * MINUTE_MS))).toBe(index)
  }
})

it("kills the same way for the same seed, and not where it is told so", () => {
  const options = soakOptions(["--minutes", "10", "--seed", "7"])
  expect(killTimes(options)).toEqual(killTimes(options))
  expect(killTimes({ ...options, seed: 8 })).not.toEqual(killTimes(options))
  expect(killTimes({ ...options, killsPerMinute: 0 })).toEqual([])
})

it("refuses what is no number, and a picture that is none", () => {
  expect(() => soakOptions(["--minutes", "soon"])).toThrow("--minutes")
  expect(() => soakOptions(["--minutes", "0"])).toThrow("--minutes")
  expect(() => soakOptions(["--rate", ""])).toThrow("--rate")
  expect(() => soakOptions(["--out", "soak.jpg"])).toThrow("--out")
})
