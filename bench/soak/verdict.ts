import type { Violation } from "../../test/support/checkers/promises.ts"
import { growthBytes, isFlat, type Trend } from "./trend.ts"

/** What can be said of the memory of a process. */
export type MemoryVerdict =
  | "flat"
  | "NOT FLAT"
  /** It has less than a process of no-ops, which grows that far too. */
  | "not grown up yet"
  /** It was not at work for long enough. */
  | "not judged"

/** What memory, by its trend, and a process of no-ops say together. */
export function memoryVerdict(memory: Trend | null, noopBytes: number): MemoryVerdict {
  if (memory === null) return "not judged"
  if (isFlat(memory)) return "flat"
  return memory.levelBytes + growthBytes(memory) / 2 <= noopBytes ? "not grown up yet" : "NOT FLAT"
}

/** Whether no promise was broken, and memory is not known to grow. */
export function isGood(soak: { memory: Trend | null; noopBytes: number; violations: readonly Violation[] }): boolean {
  return soak.violations.length === 0 && memoryVerdict(soak.memory, soak.noopBytes) !== "NOT FLAT"
}
