import { DEFAULT_GROUP_SETTINGS } from "../../../src/core/group/settings.ts"
import { decodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions, SubmissionWriter, type Submissions } from "../../../src/core/log/submission.ts"
import type { Delivery } from "../../../src/core/log/types.ts"
import type { ShareOutcome, ShareSettings } from "../../../src/core/stream/share/commands.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const NOW = 1_700_000_000_000
export const TOPIC = "flights"
export const INCARNATION = 7
export const PARTITION = 3

export const DEFAULT_SHARE_SETTINGS: ShareSettings = {
  lockDurationMs: DEFAULT_GROUP_SETTINGS.lockDurationMs,
  maxDeliveries: DEFAULT_GROUP_SETTINGS.maxDeliveries,
  maxLocks: DEFAULT_GROUP_SETTINGS.maxLocks,
  ordering: DEFAULT_GROUP_SETTINGS.ordering,
  retryDelay: DEFAULT_GROUP_SETTINGS.retryDelay,
  deadLetter: DEFAULT_GROUP_SETTINGS.deadLetter,
}

/** A record as a test writes it; a null body is a tombstone. */
export type Written = string | { readonly key: string; readonly body: string | null }

/** A record as a share group gets it. */
export interface Received {
  readonly offset: number
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly appendedAt: number
  /** Null where its row is damaged. */
  readonly body: string | null
}

/** Records pushed to a subscription. */
export interface Pushed {
  readonly consumer: number
  readonly records: readonly Received[]
}

/** A dead letter on its way. */
export interface Forwarded {
  readonly seq: number
  readonly target: string
  readonly body: string
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** `settled/expired`, or the code of a refusal. */
export function shortOutcome(outcome: ShareOutcome): string {
  return "code" in outcome ? outcome.code : `${outcome.settled}/${outcome.expired}`
}

/** A delivery, decoded. */
export function receivedFrom(delivery: Delivery): Received {
  const { offset, attempt, deliveryCount, firstDeliveredAt, appendedAt, frame } = delivery
  const body = frame.length === 0 ? null : decoder.decode(decodeFrame(frame).value)
  return { offset, attempt, deliveryCount, firstDeliveredAt, appendedAt, body }
}

/** A batch as the Worker makes it. */
export function batchOf(records: readonly Written[]): Submissions {
  const writer = new SubmissionWriter()
  for (const record of records) {
    const { key, body } = typeof record === "string" ? { key: null, body: record } : record
    const value = encoder.encode(body ?? "")
    const format = body === null ? "tombstone" : "text"
    writer.add({ format, value, key: key === null ? null : encoder.encode(key), headers: [], producedAt: null })
  }
  return decodeSubmissions(writer.finish())
}
