import type { Failure } from "../../core/errors.ts"
import { MAX_LOCK_DURATION_MS } from "../../core/limits.ts"
import type { Result } from "../../core/result.ts"
import type { ShareOutcome, ShareReceipt, ShareSettlement } from "../../core/stream/share/commands.ts"
import { problemOf } from "./problems.ts"
import { parseShareReceipt } from "./receipt.ts"
import { parseSettlementList, type SettleDialect, type SettleKind } from "./settlement-list.ts"

/** One entry: what to settle, or why its receipt can't be one. */
export type ParsedShareSettlement = Result<ShareSettlement, Failure>

const SHARES: SettleDialect<ShareReceipt, Extract<ShareSettlement, { kind: "extend" }>> = {
  parseReceipt: parseShareReceipt,
  extendField: "lockDurationMs",
  maxExtendMs: MAX_LOCK_DURATION_MS,
  extend: (receipt, lockDurationMs) => ({ kind: "extend", receipt, lockDurationMs }),
}
const NO_ENVELOPE: readonly string[] = []
const EXPIRED: Failure = { code: "receipt_expired" }

/** Receipts of a share group's records, and what is to become of these; as `parseSettlementList`. */
export function parseShareSettlements(
  kind: SettleKind,
  value: unknown,
  envelope: readonly string[] = NO_ENVELOPE,
): Result<ParsedShareSettlement[], Failure> {
  return parseSettlementList(SHARES, kind, value, envelope)
}

/**
 * One JSON outcome per entry: as of a message for a single record, and for a range how many of its records were
 * settled and how many were not held under its receipt any more.
 */
export function shareOutcomesJson(
  parsed: readonly ParsedShareSettlement[],
  outcomes: readonly Result<ShareOutcome, Failure>[],
): string {
  const results = parsed.map((entry, place) => {
    const outcome = outcomes[place]
    if (!entry.ok) return problemJson(entry.error)
    return outcome?.ok === true
      ? outcomeJson(entry.value.receipt, outcome.value)
      : problemJson(outcome?.error ?? EXPIRED)
  })
  return `[${results.join(",")}]`
}

function outcomeJson({ count }: ShareReceipt, outcome: ShareOutcome): string {
  if ("code" in outcome) return problemJson(outcome)
  const { settled, expired } = outcome
  if (count > 1) return `{"settled":${settled},"expired":${expired}}`
  return settled > 0 ? '{"ok":true}' : problemJson(EXPIRED)
}

function problemJson(failure: Failure): string {
  return JSON.stringify({ problem: problemOf(failure).document })
}
