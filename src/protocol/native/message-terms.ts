import type { Failure } from "../../core/errors.ts"
import { MAX_AHEAD_MS, MAX_DEDUP_ID_BYTES, MAX_DELIVER_AT } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField, type JsonObject, parseInteger, parseText } from "./fields.ts"

/** What a producer asks of one message besides what is in it. */
export interface MessageTerms {
  /** How long it is held back, in milliseconds; 0 is not at all. */
  readonly delayMs?: number
  /** Before which instant it is not delivered, in milliseconds since the epoch. */
  readonly deliverAt?: number
  /** How long it is kept once it can be delivered, in milliseconds. */
  readonly ttlMs?: number
  readonly dedupId?: string
}

/** Names of the members of a message that are terms. */
export const TERM_FIELDS = ["delayMs", "deliverAt", "ttlMs", "dedupId"] as const

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Of most messages. */
const NO_TERMS = ok(null)

/** The terms among the members of `entry`, null where there are none. Pointers of its refusals begin at the entry. */
export function parseTerms(entry: JsonObject): Result<MessageTerms | null, Failure> {
  const { delayMs, deliverAt, ttlMs, dedupId } = entry
  if (delayMs === undefined && deliverAt === undefined && ttlMs === undefined && dedupId === undefined) return NO_TERMS
  const terms: Writable<MessageTerms> = {}
  if (delayMs !== undefined) {
    if (deliverAt !== undefined) return invalidField("/deliverAt", "must not stand beside delayMs")
    const delay = parseInteger(delayMs, "/delayMs", 0, MAX_AHEAD_MS)
    if (!delay.ok) return delay
    terms.delayMs = delay.value
  }
  if (deliverAt !== undefined) {
    const instant = parseInteger(deliverAt, "/deliverAt", 0, MAX_DELIVER_AT)
    if (!instant.ok) return instant
    terms.deliverAt = instant.value
  }
  if (ttlMs !== undefined) {
    const ttl = parseInteger(ttlMs, "/ttlMs", 1, MAX_AHEAD_MS)
    if (!ttl.ok) return ttl
    terms.ttlMs = ttl.value
  }
  if (dedupId !== undefined) {
    const id = parseText(dedupId, "/dedupId", 1, MAX_DEDUP_ID_BYTES)
    if (!id.ok) return id
    terms.dedupId = dedupId as string
  }
  return ok(terms)
}
