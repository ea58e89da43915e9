import { describe, expect, it } from "vitest"
import {
  formatBytes,
  formatDuration,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseInstantAt,
} from "../../../src/cli/units.ts"

describe("durations", () => {
  it.each([
    ["0", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
  ])("%s is %i ms", (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs)
  })

  it.each(["", "5", "5x", "-5s", "5 s", "s", "1e3s", "5s!"])("%j is none", (text) => {
    expect(() => parseDurationMs(text)).toThrow(/is no duration/)
  })

  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [90_000, "1.5 min"],
    [172_800_000, "2 d"],
  ])("%i ms are shown as %s", (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text)
  })
})

describe("sizes", () => {
  it.each([
    ["512", 512],
    ["0", 0],
    ["64kb", 65_536],
    ["64KiB", 65_536],
    ["64k", 65_536],
    ["1.5mb", 1_572_864],
    ["1gb", 1_073_741_824],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  it.each(["", "kb", "5tb", "-1kb", "1,5mb"])("%j is none", (text) => {
    expect(() => parseBytes(text)).toThrow(/is no size/)
  })

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [3 * 1024 ** 3, "3 GiB"],
    [5000 * 1024 ** 3, "5000 GiB"],
  ])("%i bytes are shown as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe("times and counts", () => {
  it.each([
    ["@1767225600000", 1_767_225_600_000],
    ["2026-01-01T00:00:00Z", 1_767_225_600_000],
    ["2026-01-01", 1_767_225_600_000],
  ])("%s is a time", (text, at) => {
    expect(parseInstantAt(text)).toBe(at)
  })

  it.each(["", "1767225600000", "tomorrow", "2026-13-01", "@", "@-5"])("%j is no time", (text) => {
    expect(() => parseInstantAt(text)).toThrow(/is no time/)
  })

  it.each(["", "1.5", "-1", "0x10", "1e3", "9007199254740993"])("%j is no count", (text) => {
    expect(() => parseCount(text)).toThrow(/is no whole number/)
  })
})
