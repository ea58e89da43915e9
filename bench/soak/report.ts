import { median } from "../figure.ts"
import type { KindOfAnswer, Second, Soak } from "./soak.ts"
import { growthBytes, noiseBytes } from "./trend.ts"
import { memoryVerdict } from "./verdict.ts"

const MIB = 1024 * 1024
const HOUR_MS = 60 * 60_000
const MINUTE_MS = 60_000
/** More of them say no more. */
const SHOWN_VIOLATIONS = 20

/** How one second went. */
export function secondLine({ atMs, operations, p50Ms, p99Ms, residentBytes, storedBytes }: Second): string {
  return [
    `${(atMs / MINUTE_MS).toFixed(1)} min`.padStart(9),
    `${Math.round(operations)} operations/s`,
    `median ${ms(p50Ms)}, 99 of 100 in ${ms(p99Ms)}`,
    `${residentBytes === null ? "no" : mib(residentBytes)} memory`,
    `${mib(storedBytes)} on disk`,
  ].join("  ")
}

/** What a soak saw, for people. */
export function reportLines(soak: Soak): readonly string[] {
  const { minutes, seed, capacityPerSecond, ratePerSecond, operations, unknown, violations, seconds } = soak
  const rate = capacityPerSecond === null ? "as told" : `of ${capacityPerSecond} that it can do`
  return [
    `${minutes} min at ${ratePerSecond} operations/s (${rate}), seed ${seed}`,
    `operations     ${operations}, ${unknown} of them without an answer`,
    killLine(soak),
    ...soak.kinds.map(kindLine),
    `processor      ${coresOf(seconds, ({ brokerCores }) => brokerCores)} cores, the load ${coresOf(seconds, ({ loadCores }) => loadCores)}`,
    `on disk        ${mib(seconds.at(-1)?.storedBytes ?? 0)} at the end`,
    ...memoryLines(soak),
    `violations     ${violations.length}`,
    ...violations.slice(0, SHOWN_VIOLATIONS).map(({ rule, detail, at }) => `  ${rule} at ${at.toFixed(1)}: ${detail}`),
  ]
}

function killLine({ kills }: Soak): string {
  if (kills.length === 0) return "kills          none"
  const times = kills.map(({ awayMs }) => awayMs)
  return `kills          ${kills.length}; away for ${ms(median(times))} (median), ${ms(Math.max(...times))} at most`
}

function kindLine({ what, answers, p50Ms, p99Ms, highestMs }: KindOfAnswer): string {
  const times = `median ${ms(p50Ms)}, 99 of 100 in ${ms(p99Ms)}, all in ${ms(highestMs)}`
  return `  ${what.padEnd(12)} ${String(answers).padStart(9)} answers, ${times}`
}

function memoryLines({ memory, noopBytes }: Soak): readonly string[] {
  const verdict = memoryVerdict(memory, noopBytes)
  if (memory === null) return [`memory         ${verdict}: ask for more minutes`, `no-ops         ${mib(noopBytes)}`]
  const lasted = (memory.untilMs - memory.fromMs) / MINUTE_MS
  return [
    `memory         ${mib(memory.levelBytes)}; over the last ${lasted.toFixed(1)} min ` +
      `${signed(growthBytes(memory))} (${signed(memory.bytesPerMs * HOUR_MS)} an hour), ` +
      `of which ${mib(noiseBytes(memory))} would be noise: ${verdict}`,
    `no-ops         ${mib(noopBytes)}; the broker ${signed(memory.levelBytes - noopBytes)}`,
  ]
}

function coresOf(seconds: readonly Second[], cores: (second: Second) => number | null): string {
  const known = seconds.flatMap((second) => cores(second) ?? [])
  return known.length === 0 ? "no" : median(known).toFixed(2)
}

function ms(value: number | null): string {
  return value === null ? "no time" : `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

function signed(bytes: number): string {
  return `${bytes < 0 ? "" : "+"}${mib(bytes)}`
}
