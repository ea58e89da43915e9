import type { Failure } from "../../core/errors.ts"
import { MAX_HEADER_VALUE_BYTES, MAX_RETRY_DELAY_MS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
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

/** What a client may say about messages or records it holds. */
export type SettleKind = "ack" | "nack" | "extend"

/** What receipts of queues and of share groups differ in. */
export interface SettleDialect<Receipt, Extend> {
  readonly parseReceipt: (text: string) => Result<Receipt, Failure>
  /** How an extend names its time. */
  readonly extendField: string
  readonly maxExtendMs: number
  readonly extend: (receipt: Receipt, durationMs: number) => Extend
}

/** Settlements that are the same for both. */
export type PlainSettlement<Receipt> =
  | { readonly kind: "ack"; readonly receipt: Receipt }
  | {
      readonly kind: "nack"
      readonly receipt: Receipt
      readonly delayMs: number | null
      readonly fault: boolean
      readonly error: string | null
    }
  | { readonly kind: "reject"; readonly receipt: Receipt; readonly error: string | null }

/** What remains to be known of a settlement once its options are: the receipt. */
type Settle<Receipt, Extend> = (receipt: Receipt) => PlainSettlement<Receipt> | Extend

/** One entry: what to settle, or why its receipt can't be one. */
type Parsed<Receipt, Extend> = Result<PlainSettlement<Receipt> | Extend, Failure>

const NACK_OPTIONS: readonly string[] = ["delayMs", "fault", "reject", "error"]

/**
 * `{ receipts: [...] }` with options for all, or `{ entries: [{ receipt, ... }] }` with options for each.
 * `envelope` names further members that the caller has read itself. A receipt that is none spoils only its entry.
 */
export function parseSettlementList<Receipt, Extend>(
  dialect: SettleDialect<Receipt, Extend>,
  kind: SettleKind,
  value: unknown,
  envelope: readonly string[],
): Result<Parsed<Receipt, Extend>[], Failure> {
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  if (value["entries"] !== undefined) return parseEntries(dialect, kind, value, envelope)
  const unknown = unknownField(value, new Set(["receipts", ...optionsOf(dialect, kind), ...envelope]))
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const receipts = parseList(value["receipts"], "/receipts")
  if (!receipts.ok) return receipts
  const settle = parseOptions(dialect, kind, value)
  if (!settle.ok) return settle
  const settlements: Parsed<Receipt, Extend>[] = []
  for (const [index, receipt] of receipts.value.entries()) {
    if (typeof receipt !== "string") return invalidField(`/receipts/${index}`, "must be a string")
    settlements.push(settlementOf(dialect, receipt, settle.value))
  }
  return ok(settlements)
}

function optionsOf({ extendField }: { readonly extendField: string }, kind: SettleKind): readonly string[] {
  switch (kind) {
    case "ack":
      return []
    case "nack":
      return NACK_OPTIONS
    case "extend":
      return [extendField]
  }
}

function parseEntries<Receipt, Extend>(
  dialect: SettleDialect<Receipt, Extend>,
  kind: SettleKind,
  value: JsonObject,
  envelope: readonly string[],
): Result<Parsed<Receipt, Extend>[], Failure> {
  const unknown = unknownField(value, new Set(["entries", ...envelope]))
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "must not stand beside entries")
  const entries = parseList(value["entries"], "/entries")
  if (!entries.ok) return entries
  const known = new Set(["receipt", ...optionsOf(dialect, kind)])
  const settlements: Parsed<Receipt, Extend>[] = []
  for (const [index, entry] of entries.value.entries()) {
    const settlement = parseEntry(dialect, kind, entry, known)
    if (!settlement.ok) return inBatch(settlement.error, `/entries/${index}`)
    settlements.push(settlement.value)
  }
  return ok(settlements)
}

/** Pointers of its refusals begin at the entry. */
function parseEntry<Receipt, Extend>(
  dialect: SettleDialect<Receipt, Extend>,
  kind: SettleKind,
  entry: unknown,
  known: ReadonlySet<string>,
): Result<Parsed<Receipt, Extend>, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, known)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const { receipt } = entry
  if (typeof receipt !== "string") return invalidField("/receipt", "must be a string")
  const settle = parseOptions(dialect, kind, entry)
  return settle.ok ? ok(settlementOf(dialect, receipt, settle.value)) : settle
}

function settlementOf<Receipt, Extend>(
  { parseReceipt }: SettleDialect<Receipt, Extend>,
  text: string,
  settle: Settle<Receipt, Extend>,
): Parsed<Receipt, Extend> {
  const receipt = parseReceipt(text)
  return receipt.ok ? ok(settle(receipt.value)) : receipt
}

function parseOptions<Receipt, Extend>(
  dialect: SettleDialect<Receipt, Extend>,
  kind: SettleKind,
  options: JsonObject,
): Result<Settle<Receipt, Extend>, Failure> {
  switch (kind) {
    case "ack":
      return ok((receipt) => ({ kind: "ack", receipt }))
    case "nack":
      return parseNack<Receipt>(options)
    case "extend":
      return parseExtend(dialect, options)
  }
}

function parseExtend<Receipt, Extend>(
  { extendField, maxExtendMs, extend }: SettleDialect<Receipt, Extend>,
  options: JsonObject,
): Result<Settle<Receipt, Extend>, Failure> {
  const duration = parseInteger(options[extendField], `/${extendField}`, 0, maxExtendMs)
  return duration.ok ? ok((receipt) => extend(receipt, duration.value)) : duration
}

function parseNack<Receipt>(options: JsonObject): Result<Settle<Receipt, never>, Failure> {
  const { delayMs, fault = true, reject = false, error = null } = options
  if (typeof reject !== "boolean") return invalidField("/reject", "must be true or false")
  if (typeof fault !== "boolean") return invalidField("/fault", "must be true or false")
  const errorText = error === null ? ok(null) : parseText(error, "/error", 0, MAX_HEADER_VALUE_BYTES)
  if (!errorText.ok) return errorText
  const text = error as string | null
  if (reject) {
    if (delayMs !== undefined) return invalidField("/delayMs", "what is rejected does not come back")
    if (!fault) return invalidField("/fault", "what is rejected has no delivery left to count")
    return ok((receipt) => ({ kind: "reject", receipt, error: text }))
  }
  const delay = delayMs === undefined ? ok(null) : parseInteger(delayMs, "/delayMs", 0, MAX_RETRY_DELAY_MS)
  return delay.ok ? ok((receipt) => ({ kind: "nack", receipt, delayMs: delay.value, fault, error: text })) : delay
}
