import { MAX_IDEMPOTENCY_KEY_BYTES } from "../../core/limits.ts"
import type { LogRecord, SendTerms } from "../../core/log/types.ts"
import type { Failure } from "../../core/errors.ts"
import { dedupKey } from "../../core/queue/dedup/dedup-key.ts"
import { ok, type Result } from "../../core/result.ts"
import { parseText } from "./fields.ts"
import type { MessageTerms } from "./message-terms.ts"
import type { Messages, SendRequest } from "./messages.ts"
import { utf8Text } from "./record-json.ts"
import type { SendRules } from "./send-rules.ts"

/** What an object is told of each message, by its place; null where there is nothing to tell. */
export type TermsByPlace = ReadonlyMap<number, SendTerms> | null

/** Deduplication ids made from bodies, by place. */
export type ContentIds = ReadonlyMap<number, string>

/** `request` with the deduplication id `key/i` for each message i that has none. */
export function withIdempotencyKey(request: SendRequest, key: string): Result<SendRequest, Failure> {
  const bytes = parseText(key, "/idempotency-key", 1, MAX_IDEMPOTENCY_KEY_BYTES)
  if (!bytes.ok) return bytes
  const terms = new Map<number, MessageTerms>()
  for (const place of request.records.keys()) {
    terms.set(place, { dedupId: `${key}/${place}`, ...request.terms?.get(place) })
  }
  return ok({ ...request, terms })
}

/** Whether `contentIds` has anything to do: it takes time, which most queues need not spend. */
export function needsContentIds({ records, terms }: Messages, rules: SendRules): boolean {
  if (!rules.contentDeduplication || rules.dedupWindowMs === 0) return false
  return terms === null || records.some((_, place) => terms.get(place)?.dedupId === undefined)
}

/** An id for each message that has none: the hash of its body alone. */
export async function contentIds({ records, terms }: Messages): Promise<ContentIds> {
  const unnamed = [...records.entries()].filter(([place]) => terms?.get(place)?.dedupId === undefined)
  const ids = unnamed.map(async ([place, { value }]) => [place, await contentId(value)] as const)
  return new Map(await Promise.all(ids))
}

/** What the queue's object is told of `messages`. `ids` are those of `contentIds`, null where none are needed. */
export function termsForObject({ records, terms }: Messages, rules: SendRules, ids: ContentIds | null): TermsByPlace {
  if (terms === null && ids === null) return null
  const told = new Map<number, SendTerms>()
  for (const [place, record] of records.entries()) {
    const { dedupId, ...others } = terms?.get(place) ?? {}
    const id = dedupId ?? ids?.get(place)
    if (id !== undefined) told.set(place, { ...others, dedupKey: keyOf(record, rules, id) })
    else if (terms?.has(place) === true) told.set(place, others)
  }
  return told
}

function keyOf({ key }: LogRecord, { dedupScope }: SendRules, id: string): Uint8Array {
  const groupId = dedupScope === "queue" || key === null ? null : utf8Text(key)
  return dedupKey(dedupScope, groupId, id)
}

async function contentId(value: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", value.slice()))
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
}
