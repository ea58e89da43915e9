import { invalidParameter, missingParameter, type SqsFailure, type SqsResult } from "./errors.ts"
import { MAX_DELAY_SECONDS, MAX_TERM_CHARACTERS } from "./limits.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok } from "../../core/result.ts"
import type { MessageTerms } from "../native/message-terms.ts"
import type { Input } from "./actions.ts"
import { queueDefaults } from "./queue-defaults.ts"

/** What is sent: a message by itself, or an entry of a batch. */
export type MessageEntry = Omit<Input<"SendMessage">, "QueueUrl">

const TERM = new RegExp(`^[!-~]{1,${MAX_TERM_CHARACTERS}}$`)
const NOT_OF_THIS_TYPE = "The request include parameter that is not valid for this queue type."
const SECOND_MS = 1000
const NO_TERMS = ok(null)

/** Refuses a group, deduplication or attempt id that is not 1 to 128 letters, digits and punctuation marks. */
export function checkTerm(parameter: string, value: string | undefined): SqsResult<null> {
  if (value === undefined || TERM.test(value)) return NO_TERMS
  const rule = `can only include alphanumeric and punctuation characters. 1 to ${MAX_TERM_CHARACTERS} in length.`
  return invalidParameter(parameter, value, `${parameter} ${rule}`)
}

/** Refuses a parameter that queues of the other type have. */
export function notOfThisType(parameter: string, value: unknown) {
  return invalidParameter(parameter, value, NOT_OF_THIS_TYPE)
}

/** What a message to a fifo queue lacks, or null: its group, or what tells it from a repeat (`[X67]`). */
export function missingTerm(entry: MessageEntry, settings: QueueSettings): SqsFailure | null {
  if (settings.ordering === "standard") return null
  if (entry.MessageGroupId === undefined) return missingParameter("MessageGroupId").error
  const isToldApart = settings.contentDeduplication || settings.dedupWindowMs === 0
  if (entry.MessageDeduplicationId !== undefined || isToldApart) return null
  const rule = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
  return { name: "InvalidParameterValue", message: `${rule} explicitly` }
}

/** What the broker is asked of one message besides what is in it; null where that is nothing. */
export function parseTerms(entry: MessageEntry, settings: QueueSettings): SqsResult<MessageTerms | null> {
  const { MessageGroupId: group, MessageDeduplicationId: dedupId } = entry
  const isFifo = settings.ordering === "fifo"
  if (group !== undefined) {
    const checked = checkTerm("MessageGroupId", group)
    if (!checked.ok) return checked
  }
  if (dedupId !== undefined) {
    if (!isFifo) return notOfThisType("MessageDeduplicationId", dedupId)
    const checked = checkTerm("MessageDeduplicationId", dedupId)
    if (!checked.ok) return checked
  }
  const delayMs = delayOf(entry, settings)
  if (!delayMs.ok) return delayMs
  if (dedupId === undefined && delayMs.value === 0) return NO_TERMS
  return ok({ ...(dedupId !== undefined && { dedupId }), ...(delayMs.value > 0 && { delayMs: delayMs.value }) })
}

/** A message's own delay, or else that of its queue; a fifo queue delays by itself, and all of its messages. */
function delayOf({ DelaySeconds: given }: MessageEntry, settings: QueueSettings): SqsResult<number> {
  if (given !== undefined && (given < 0 || given > MAX_DELAY_SECONDS)) {
    return invalidParameter("DelaySeconds", given, `DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`)
  }
  if (settings.ordering === "fifo" && given !== undefined && given > 0) return notOfThisType("DelaySeconds", given)
  return ok((given ?? queueDefaults(settings).messageDelaySeconds ?? 0) * SECOND_MS)
}
