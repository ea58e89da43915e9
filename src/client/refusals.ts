import type { ErrorCode, MillraceError } from "./errors.ts"

/** What a refusal of a publish means for its entries. */
export type Verdict =
  /** Nothing was stored; the same succeeds later. */
  | "later"
  /** It may be stored or not; said again, it is stored once. */
  | "unknown"
  /** Something before it was refused: it is to be counted anew. */
  | "gap"
  /** Somebody else has the name of this producer. */
  | "fenced"
  /** It is wrong, and stays so. */
  | "never"

const VERDICTS: { readonly [Code in ErrorCode]?: Verdict } = {
  overloaded: "later",
  stale_metadata: "later",
  partition_sealed: "later",
  unavailable: "unknown",
  disk_full: "unknown",
  sequence_gap: "gap",
  fenced: "fenced",
}

/** How to go on after `error`. What is not known will not go away: the caller is told. */
export function verdictOf({ code }: MillraceError): Verdict {
  return VERDICTS[code] ?? "never"
}

/** Whether the same may succeed a little later. */
export function isPassing(error: MillraceError): boolean {
  const verdict = verdictOf(error)
  return verdict === "later" || verdict === "unknown"
}

/** Which of `count` entries the broker points at, or null where it means all of them. */
export function pointedAt({ problem }: MillraceError, count: number): number | null {
  const index = Number(/^\/\w+\/(\d+)/.exec(String(problem?.["pointer"]))?.[1])
  return index < count ? index : null
}
