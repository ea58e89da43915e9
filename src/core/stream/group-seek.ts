import type { Failure } from "../errors.ts"
import { err, ok, type Result } from "../result.ts"
import type { Barrier, OffsetReset, SeekTarget } from "./group-commands.ts"

/** A partition's log as its groups see it; what the commit under way appends is part of it. */
export interface GroupLog {
  readonly startOffset: number
  readonly endOffset: number
  readonly barriers: readonly Barrier[]
  /** Where it is sealed for partitions that its settings don't know of yet, or null. */
  readonly sealedAt: number | null
  /** Why `offset` can't be read from, or null where it can. */
  checkOffset(offset: number): Failure | null
  /** Where records of `timestamp` and younger begin. */
  offsetOfTime(timestamp: number, now: number): number
  /** Whether a committed record stands in `[from, to)`. */
  hasRecords(from: number, to: number): boolean
}

/** Where a seek leads a group whose next offset is `before`. */
export function seekOffset(
  log: GroupLog,
  before: number | null,
  target: SeekTarget,
  now: number,
): Result<number, Failure> {
  switch (target.kind) {
    case "earliest":
      return ok(log.startOffset)
    case "latest":
      return ok(log.endOffset)
    case "offset": {
      const outside = log.checkOffset(target.offset)
      return outside ? err(outside) : ok(target.offset)
    }
    case "timestamp":
      return ok(log.offsetOfTime(target.timestamp, now))
    case "duration":
      return ok(log.offsetOfTime(now - target.durationMs, now))
    case "shift":
      if (before === null) return err({ code: "no_committed_offset" })
      return ok(Math.min(Math.max(before + target.by, log.startOffset), log.endOffset))
  }
}

/** Where a group begins without an offset that is there, or null where it is not to choose one by itself. */
export function resetOffset(log: GroupLog, reset: OffsetReset, now: number): number | null {
  if (reset === "none") return null
  if (reset === "earliest") return log.startOffset
  return reset === "latest" ? log.endOffset : log.offsetOfTime(now - reset.durationMs, now)
}
