import type { QueueStatistics, QueueView } from "../../client/index.ts"
import type { Cell } from "../table.ts"
import { formatBytes, formatCount, formatDuration, formatInstant } from "../units.ts"

type Pair = readonly [string, Cell]

/** Name and settings of a queue, for people. */
export function queueSettingPairs({ name, settings, createdAt, updatedAt }: QueueView): readonly Pair[] {
  return [
    ["name", name],
    ...settingPairs(settings),
    ["createdAt", formatInstant(createdAt)],
    ["updatedAt", formatInstant(updatedAt)],
  ]
}

/** What a queue holds and has done, for people. */
export function queueStatisticPairs(statistics: QueueStatistics, now: number): readonly Pair[] {
  const { rates, oldestAt, bytes, ...counts } = statistics
  return [
    ...Object.entries(counts).map(([name, count]): Pair => [name, formatCount(count)]),
    ["bytes", formatBytes(bytes)],
    ["oldest", oldestAt === null ? null : `${formatDuration(Math.max(0, now - oldestAt))} old`],
    ...Object.entries(rates).map(([name, rate]): Pair => [`${name} per second`, Number(rate.toPrecision(3))]),
  ]
}

/** Settings by name: durations and sizes as somebody would say them. */
export function settingPairs(settings: object): readonly Pair[] {
  return Object.entries(settings).map(([name, value]): Pair => [name, settingCell(name, value)])
}

function settingCell(name: string, value: unknown): Cell {
  if (typeof value === "number" && name.endsWith("Ms")) return formatDuration(value)
  if (typeof value === "number" && name.endsWith("Bytes")) return formatBytes(value)
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value
  return JSON.stringify(value)
}
