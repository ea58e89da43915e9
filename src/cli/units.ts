import { UsageError } from "./failures.ts"

const DURATION_MS = {
  ms: 1,
  s: 1000,
  m: 60 * 1000,
  h: 60 * 60 * 1000,
  d: 24 * 60 * 60 * 1000,
  w: 7 * 24 * 60 * 60 * 1000,
} as const

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g
const SIZE = /^(\d+(?:\.\d+)?)\s*(b|kb|kib|k|mb|mib|m|gb|gib|g)?$/i
const SIZE_POWERS = ["b", "k", "m", "g"]
const BYTES_PER_STEP = 1024

const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

/** `30s`, `1h30m`, `250ms`, `7d`, or `0`, in milliseconds; throws a UsageError for anything else. */
export function parseDurationMs(text: string): number {
  if (text === "0") return 0
  if (!DURATION.test(text)) throw new UsageError(`${quoted(text)} is no duration: say 250ms, 30s, 5m, 2h, 1h30m or 7d`)
  const parts = [...text.matchAll(DURATION_PART)]
  return Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs(unit), 0))
}

/** `64kb`, `1.5mb`, `2gib` or a number of bytes, in powers of 1,024; throws a UsageError for anything else. */
export function parseBytes(text: string): number {
  const match = SIZE.exec(text)
  if (match === null) throw new UsageError(`${quoted(text)} is no size: say 512, 64kb, 10mb or 1gb`)
  const power = SIZE_POWERS.indexOf((match[2] ?? "b").slice(0, 1).toLowerCase())
  return Math.round(Number(match[1]) * BYTES_PER_STEP ** power)
}

/**
 * An ISO 8601 time or `@` and milliseconds since the epoch; throws a UsageError for anything else, which tells `others`
 * where words that are no time could have been said as well.
 */
export function parseInstantAt(text: string, others = ""): number {
  if (/^@\d+$/.test(text)) return Number(text.slice(1))
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  const words = others === "" ? "" : `${others}, or a time: `
  throw new UsageError(
    `${quoted(text)} is no ${words === "" ? "time" : "place"}: say ${words}2026-11-21T08:00:00Z, or @ and milliseconds since the epoch`,
  )
}

/** A whole number of at least `min`; throws a UsageError for anything else. */
export function parseCount(text: string, min = 0): number {
  const count = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(count) && count >= min) return count
  throw new UsageError(`${quoted(text)} is no whole number of at least ${min}`)
}

/** As somebody would say it: `1.5 s`, `2 h`, `250 ms`. */
export function formatDuration(durationMs: number): string {
  const steps = [
    ["d", DURATION_MS.d],
    ["h", DURATION_MS.h],
    ["min", DURATION_MS.m],
    ["s", DURATION_MS.s],
  ] as const
  const step = steps.find(([, unit]) => durationMs >= unit)
  if (step === undefined) return `${trimmed(durationMs)} ms`
  return `${trimmed(durationMs / step[1])} ${step[0]}`
}

/** `512 B`, `1.5 KiB`, `3 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < BYTES_PER_STEP) return `${bytes} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), SIZE_POWERS.length - 1)
  return `${trimmed(bytes / BYTES_PER_STEP ** power)} ${SIZE_POWERS[power]?.toUpperCase()}iB`
}

/** `10,000`. */
export function formatCount(count: number): string {
  return COUNTS.format(count)
}

/** A time in UTC, as the tables show it. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString()
}

function unitMs(unit: string | undefined): number {
  return DURATION_MS[unit as keyof typeof DURATION_MS]
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
