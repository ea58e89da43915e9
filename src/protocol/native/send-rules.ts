import type { Failure } from "../../core/errors.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok, type Result } from "../../core/result.ts"
import { inBatch, invalidField } from "./fields.ts"
import type { MessageTerms } from "./message-terms.ts"
import type { SendRequest } from "./messages.ts"

/** The settings of a queue that decide what may be sent to it, and under which deduplication key. */
export type SendRules = Pick<
  QueueSettings,
  "ordering" | "fair" | "contentDeduplication" | "dedupScope" | "dedupWindowMs"
>

const FITS = ok(null)

/** Refuses what a queue with these settings does not take: a message group or none, a time of delivery, an id. */
export function checkSend(
  { single, records, terms, place = "/messages" }: SendRequest,
  rules: SendRules,
): Result<null, Failure> {
  for (let index = 0; index < records.length; index++) {
    const refused = refusedGroup(records[index]!, rules) ?? refusedTerm(terms?.get(index) ?? null, rules)
    if (refused !== null) return single ? refused : inBatch(refused.error, `${place}/${index}`)
  }
  return FITS
}

/** Whether what was checked against one, and given its deduplication keys, holds for the other. */
export function sameSendRules(one: SendRules, other: SendRules): boolean {
  return (
    one.ordering === other.ordering &&
    one.fair === other.fair &&
    one.contentDeduplication === other.contentDeduplication &&
    one.dedupScope === other.dedupScope &&
    one.dedupWindowMs > 0 === other.dedupWindowMs > 0
  )
}

/** A fifo queue asks for a group, a fair one takes it, any other has no use for it. */
export function refusedGroup({ key }: Pick<LogRecord, "key">, { ordering, fair }: SendRules) {
  if (ordering === "fifo") return key === null ? invalidField("/groupId", "a fifo queue needs a groupId") : null
  return key === null || fair ? null : invalidField("/groupId", "only a fifo or fair queue takes a groupId")
}

function refusedTerm(terms: MessageTerms | null, { ordering, dedupWindowMs }: SendRules) {
  if (terms === null) return null
  const { delayMs, deliverAt, dedupId } = terms
  if (ordering === "fifo" && (delayMs ?? deliverAt) !== undefined) {
    const pointer = delayMs === undefined ? "/deliverAt" : "/delayMs"
    return invalidField(pointer, "a fifo queue delivers in order, and no message at a time of its own")
  }
  if (dedupId === undefined || dedupWindowMs > 0) return null
  return invalidField("/dedupId", "the queue does not deduplicate: its dedupWindowMs is 0")
}
