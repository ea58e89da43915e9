import type { Failure } from "../../core/errors.ts"
import { MAX_VISIBILITY_TIMEOUT_MS } from "../../core/limits.ts"
import type { Result } from "../../core/result.ts"
import type { ReceiptParts, Settlement, SettleReply } from "../../core/queue/commands.ts"
import { problemOf } from "./problems.ts"
import { parseReceipt } from "./receipt.ts"
import { parseSettlementList, type SettleDialect, type SettleKind } from "./settlement-list.ts"

export type { SettleKind } from "./settlement-list.ts"

/** One entry: what to settle, or why its receipt can't be one. */
export type ParsedSettlement = Result<Settlement, Failure>

const QUEUES: SettleDialect<ReceiptParts, Extract<Settlement, { kind: "extend" }>> = {
  parseReceipt,
  extendField: "visibilityTimeoutMs",
  maxExtendMs: MAX_VISIBILITY_TIMEOUT_MS,
  extend: (receipt, visibilityTimeoutMs) => ({ kind: "extend", receipt, visibilityTimeoutMs }),
}
const NO_ENVELOPE: readonly string[] = []

/** Receipts of a queue's messages, and what is to become of these; as `parseSettlementList`. */
export function parseSettlements(
  kind: SettleKind,
  value: unknown,
  envelope: readonly string[] = NO_ENVELOPE,
): Result<ParsedSettlement[], Failure> {
  return parseSettlementList(QUEUES, kind, value, envelope)
}

/** The settlements that an object can carry out, in order. */
export function settleable(parsed: readonly ParsedSettlement[]): Settlement[] {
  return parsed.flatMap((entry) => (entry.ok ? [entry.value] : []))
}

/** One JSON outcome per entry of `parsed`; `reply` answers what `settleable` gave. */
export function settleResultsJson(parsed: readonly ParsedSettlement[], reply: SettleReply): string {
  let answered = 0
  const results = parsed.map((entry) => outcomeJson(entry.ok ? (reply[answered++] ?? null) : entry.error))
  return `[${results.join(",")}]`
}

function outcomeJson(failure: Failure | null): string {
  return failure === null ? '{"ok":true}' : JSON.stringify({ problem: problemOf(failure).document })
}
