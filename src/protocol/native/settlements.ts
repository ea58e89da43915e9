import type { Failure } from "../../core/errors.ts"
import { MAX_HEADER_VALUE_BYTES, MAX_RETRY_DELAY_MS, MAX_VISIBILITY_TIMEOUT_MS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ReceiptParts, Settlement, SettleReply } from "../../core/queue/commands.ts"
import {
  inBatch,
  invalidField,
  isJsonObject,
  type JsonObject,
  parseInteger,
  parseList,
  parseText,
  pointerToken,
  unknownField,
} from "./fields.ts"
import { problemOf } from "./problems.ts"
import { parseReceipt } from "./receipt.ts"

/** What a client may say about messages it holds. */
export type SettleKind = "ack" | "nack" | "extend"

/** One entry: what to settle, or why its receipt can't be one. */
export type ParsedSettlement = Result<Settlement, Failure>

/** What remains to be known of a settlement once its options are: the receipt. */
type Settle = (receipt: ReceiptParts) => Settlement

const OPTIONS: { readonly [Kind in SettleKind]: readonly string[] } = {
  ack: [],
  nack: ["delayMs", "fault", "reject", "error"],
  extend: ["visibilityTimeoutMs"],
}
const NO_ENVELOPE: readonly string[] = []

/**
 * `{ receipts: [...] }` with options for all, or `{ entries: [{ receipt, ... }] }` with options for each.
 * `envelope` names further members that the caller has read itself. A receipt that is none spoils only its entry.
 */
export function parseSettlements(
  kind: SettleKind,
  value: unknown,
  envelope: readonly string[] = NO_ENVELOPE,
): Result<ParsedSettlement[], Failure> {
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  if (value["entries"] !== undefined) return parseEntries(kind, value, envelope)
  const unknown = unknownField(value, new Set(["receipts", ...OPTIONS[kind], ...envelope]))
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const receipts = parseList(value["receipts"], "/receipts")
  if (!receipts.ok) return receipts
  const settle = parseOptions(kind, value)
  if (!settle.ok) return settle
  const settlements: ParsedSettlement[] = []
  for (const [index, receipt] of receipts.value.entries()) {
    if (typeof receipt !== "string") return invalidField(`/receipts/${index}`, "must be a string")
    settlements.push(settlementOf(receipt, settle.value))
  }
  return ok(settlements)
}

function parseEntries(
  kind: SettleKind,
  value: JsonObject,
  envelope: readonly string[],
): Result<ParsedSettlement[], Failure> {
  const unknown = unknownField(value, new Set(["entries", ...envelope]))
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "must not stand beside entries")
  const entries = parseList(value["entries"], "/entries")
  if (!entries.ok) return entries
  const known = new Set(["receipt", ...OPTIONS[kind]])
  const settlements: ParsedSettlement[] = []
  for (const [index, entry] of entries.value.entries()) {
    const settlement = parseEntry(kind, entry, known)
    if (!settlement.ok) return inBatch(settlement.error, `/entries/${index}`)
    settlements.push(settlement.value)
  }
  return ok(settlements)
}

/** Pointers of its refusals begin at the entry. */
function parseEntry(kind: SettleKind, entry: unknown, known: ReadonlySet<string>): Result<ParsedSettlement, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, known)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const { receipt } = entry
  if (typeof receipt !== "string") return invalidField("/receipt", "must be a string")
  const settle = parseOptions(kind, entry)
  return settle.ok ? ok(settlementOf(receipt, settle.value)) : settle
}

function settlementOf(text: string, settle: Settle): ParsedSettlement {
  const receipt = parseReceipt(text)
  return receipt.ok ? ok(settle(receipt.value)) : receipt
}

function parseOptions(kind: SettleKind, options: JsonObject): Result<Settle, Failure> {
  switch (kind) {
    case "ack":
      return ok((receipt) => ({ kind: "ack", receipt }))
    case "nack":
      return parseNack(options)
    case "extend":
      return parseExtend(options)
  }
}

function parseExtend(options: JsonObject): Result<Settle, Failure> {
  const value = options["visibilityTimeoutMs"]
  const timeout = parseInteger(value, "/visibilityTimeoutMs", 0, MAX_VISIBILITY_TIMEOUT_MS)
  if (!timeout.ok) return timeout
  return ok((receipt) => ({ kind: "extend", receipt, visibilityTimeoutMs: timeout.value }))
}

function parseNack(options: JsonObject): Result<Settle, Failure> {
  const { delayMs, fault = true, reject = false, error = null } = options
  if (typeof reject !== "boolean") return invalidField("/reject", "must be true or false")
  if (typeof fault !== "boolean") return invalidField("/fault", "must be true or false")
  const errorText = error === null ? ok(null) : parseText(error, "/error", 0, MAX_HEADER_VALUE_BYTES)
  if (!errorText.ok) return errorText
  const text = error as string | null
  if (reject) {
    if (delayMs !== undefined) return invalidField("/delayMs", "a rejected message does not come back")
    if (!fault) return invalidField("/fault", "a rejected message has no delivery left to count")
    return ok((receipt) => ({ kind: "reject", receipt, error: text }))
  }
  const delay = delayMs === undefined ? ok(null) : parseInteger(delayMs, "/delayMs", 0, MAX_RETRY_DELAY_MS)
  return delay.ok ? ok((receipt) => ({ kind: "nack", receipt, delayMs: delay.value, fault, error: text })) : delay
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
