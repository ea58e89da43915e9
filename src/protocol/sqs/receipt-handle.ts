import type { ReceiptParts } from "../../core/queue/commands.ts"
import { ok } from "../../core/result.ts"
import { formatReceipt, parseReceipt } from "../native/receipt.ts"
import { refuse, type SqsResult } from "./errors.ts"

/** Stands in no receipt. */
const SEPARATOR = "."
const RADIX = 36
const SECOND_MS = 1000
/** Any second up to the last that a Date holds. */
const SECOND = /^[0-9a-z]{1,9}$/

/** What a receipt handle names. */
export interface ReceiptHandle {
  readonly receipt: ReceiptParts
  /** Second in which the message was received, since the epoch; null where the handle does not say. */
  readonly receivedAtSeconds: number | null
}

/**
 * The handle of a delivery: its native receipt, and when it was received, so that nobody holds a message for longer
 * than SQS lets them. `receivedAt` in milliseconds; null leaves that out.
 */
export function formatReceiptHandle(receipt: ReceiptParts, receivedAt: number | null): string {
  const text = formatReceipt(receipt)
  if (receivedAt === null) return text
  return `${text}${SEPARATOR}${Math.floor(receivedAt / SECOND_MS).toString(RADIX)}`
}

/** What `text` names; `ReceiptHandleIsInvalid` where it is neither a handle nor a native receipt. */
export function parseReceiptHandle(text: string): SqsResult<ReceiptHandle> {
  const end = text.indexOf(SEPARATOR)
  const second = end === -1 ? null : text.slice(end + 1)
  const receipt = parseReceipt(end === -1 ? text : text.slice(0, end))
  if (!receipt.ok || (second !== null && !SECOND.test(second))) return invalidHandle(text)
  return ok({
    receipt: receipt.value,
    receivedAtSeconds: second === null ? null : Number.parseInt(second, RADIX),
  })
}

/** A handle that the broker never gave out, or that is one of another queue. */
export function invalidHandle(text: string) {
  return refuse("ReceiptHandleIsInvalid", `The input receipt handle "${text}" is not a valid receipt handle.`)
}
