import type { Failure } from "../core/errors.ts"
import { MAX_IN_FLIGHT } from "../core/limits.ts"
import type { ReceiptParts } from "../core/queue/commands.ts"
import { ok, type Result } from "../core/result.ts"
import type { ResumedLeases } from "../protocol/internal/frames.ts"
import { inBatch, invalidField, isJsonObject } from "../protocol/native/fields.ts"
import { parseShareReceipt } from "../protocol/native/receipt.ts"
import { checkFields } from "./client-fields.ts"

/** Which subscription a client may go on with: what all of its receipts have in common, and who holds its leases. */
export interface ResumeToken extends Pick<ReceiptParts, "incarnation" | "stateId" | "stateGeneration"> {
  readonly consumer: number
}

const FIELDS: ReadonlySet<string> = new Set(["token", "receipts"])
const TOKEN = /^(\d{1,16})\.(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/
const MAX_CONSUMER = 0xff_ff_ff_ff
/** A queue's own delivery state; those of share groups are counted from 1. */
const QUEUE_STATE = 0

/** The token as clients hold it. */
export function formatResumeToken({ incarnation, consumer, stateId, stateGeneration }: ResumeToken): string {
  return `${incarnation}.${consumer}.${stateId}.${stateGeneration}`
}

/** `resume` of a subscription of a queue, or of a share group in a partition; null where it is left out. */
export function parseResume(
  value: unknown,
  source: "queue" | { readonly partition: number },
): Result<ResumedLeases | null, Failure> {
  if (value === undefined) return ok(null)
  if (!isJsonObject(value)) return invalidField("/resume", "must be an object")
  const fields = checkFields(value, FIELDS)
  if (!fields.ok) return inBatch(fields.error, "/resume")
  const token = parseToken(value["token"])
  if (token === null || (token.stateId === QUEUE_STATE) !== (source === "queue")) {
    return invalidField("/resume/token", "must be what a subscription of this kind was given")
  }
  const { incarnation, consumer } = token
  const held = parseHeld(value["receipts"], token, source)
  return held.ok ? ok({ consumer, incarnation, held: held.value }) : held
}

function parseToken(value: unknown): ResumeToken | null {
  const [, ...parts] = (typeof value === "string" ? TOKEN.exec(value) : null) ?? []
  if (parts.length === 0) return null
  const [incarnation, consumer, stateId, stateGeneration] = parts.map(Number) as [number, number, number, number]
  const isSound = [incarnation, stateId, stateGeneration].every(Number.isSafeInteger)
  return isSound && consumer > 0 && consumer <= MAX_CONSUMER
    ? { incarnation, consumer, stateId, stateGeneration }
    : null
}

function parseHeld(
  value: unknown,
  token: ResumeToken,
  source: "queue" | { readonly partition: number },
): Result<ResumedLeases["held"], Failure> {
  if (!Array.isArray(value)) return invalidField("/resume/receipts", "must be an array")
  const shard = source === "queue" ? 0 : source.partition
  const held: ResumedLeases["held"][number][] = []
  let total = 0
  for (const [index, text] of value.entries()) {
    const receipt = typeof text === "string" ? parseShareReceipt(text) : null
    const isItsOwn = receipt?.ok === true && receipt.value.shard === shard && isOf(receipt.value, token)
    if (!isItsOwn) return invalidField(`/resume/receipts/${index}`, "must be a receipt of the subscription")
    const { offset, attempt, count } = receipt.value
    if (count > 1 && source === "queue") return invalidField(`/resume/receipts/${index}`, "must be of one message")
    held.push([offset, attempt, count])
    total += count
  }
  return total <= MAX_IN_FLIGHT
    ? ok(held)
    : invalidField("/resume/receipts", `must name at most ${MAX_IN_FLIGHT} leases`)
}

function isOf(receipt: ReceiptParts, token: ResumeToken): boolean {
  const { incarnation, stateId, stateGeneration } = token
  return (
    receipt.incarnation === incarnation && receipt.stateId === stateId && receipt.stateGeneration === stateGeneration
  )
}
