import type { ReceiveRequest } from "../../core/queue/commands.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok } from "../../core/result.ts"
import type { Input } from "./actions.ts"
import { invalidParameter, type SqsResult } from "./errors.ts"
import { MAX_RECEIVED_MESSAGES, MAX_VISIBILITY_TIMEOUT_SECONDS, MAX_WAIT_SECONDS } from "./limits.ts"
import { checkTerm, notOfThisType } from "./message-terms.ts"
import { isAttribute, unknownAttribute } from "./queue-attributes.ts"
import { queueDefaults } from "./queue-defaults.ts"

/** Attributes that the broker gives to a message, as `MessageSystemAttributeNames` asks for them. */
const SYSTEM_ATTRIBUTES = [
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
] as const
export type SystemAttribute = (typeof SYSTEM_ATTRIBUTES)[number]

/** Which attributes of messages a receive asks for. */
export interface WantedAttributes {
  readonly system: ReadonlySet<SystemAttribute>
  /** Null for none at all. */
  readonly isWanted: ((name: string) => boolean) | null
}

/** What a receive asks for. */
export interface ReceiveOptions {
  readonly request: ReceiveRequest
  readonly waitMs: number
  readonly wanted: WantedAttributes
}

const SECOND_MS = 1000
const ALL = new Set<SystemAttribute>(SYSTEM_ATTRIBUTES)
const NO_SYSTEM_ATTRIBUTES = new Set<SystemAttribute>()
const ANY_SUFFIX = ".*"

/** Reads what is asked of a queue with these settings (`[X74]`, `[X76]`). */
export function parseReceive(input: Input<"ReceiveMessage">, settings: QueueSettings): SqsResult<ReceiveOptions> {
  const { MaxNumberOfMessages: maxMessages = 1, VisibilityTimeout: timeout, WaitTimeSeconds: wait } = input
  const { ReceiveRequestAttemptId: attemptId } = input
  if (maxMessages < 1 || maxMessages > MAX_RECEIVED_MESSAGES) {
    const rule = `Must be between 1 and ${MAX_RECEIVED_MESSAGES}, if provided.`
    return invalidParameter("MaxNumberOfMessages", maxMessages, rule)
  }
  if (wait !== undefined && (wait < 0 || wait > MAX_WAIT_SECONDS)) {
    return invalidParameter("WaitTimeSeconds", wait, `Must be >= 0 and <= ${MAX_WAIT_SECONDS}, if provided.`)
  }
  const checked = timeout === undefined ? ok(null) : checkVisibilityTimeout(timeout)
  if (!checked.ok) return checked
  if (attemptId !== undefined && settings.ordering !== "fifo")
    return notOfThisType("ReceiveRequestAttemptId", attemptId)
  const attempt = checkTerm("ReceiveRequestAttemptId", attemptId)
  if (!attempt.ok) return attempt
  const wanted = parseWanted(input)
  if (!wanted.ok) return wanted
  const visibilityTimeoutMs = timeout === undefined ? null : timeout * SECOND_MS
  return ok({
    request: { maxMessages, visibilityTimeoutMs, attemptId: attemptId ?? null },
    waitMs: (wait ?? queueDefaults(settings).receiveWaitSeconds) * SECOND_MS,
    wanted: wanted.value,
  })
}

/** Refuses a visibility timeout, in seconds, that no message can have. */
export function checkVisibilityTimeout(seconds: number): SqsResult<null> {
  if (seconds >= 0 && seconds <= MAX_VISIBILITY_TIMEOUT_SECONDS) return ok(null)
  const rule = `Must be >= 0 and <= ${MAX_VISIBILITY_TIMEOUT_SECONDS}, if provided.`
  return invalidParameter("VisibilityTimeout", seconds, rule)
}

function parseWanted(input: Input<"ReceiveMessage">): SqsResult<WantedAttributes> {
  const { AttributeNames: old = [], MessageSystemAttributeNames: names = [], MessageAttributeNames: own = [] } = input
  const isWanted = own.length === 0 ? null : matcher(own)
  if (old.length === 0 && names.length === 0) return ok({ system: NO_SYSTEM_ATTRIBUTES, isWanted })
  const asked = [...old, ...names]
  // AttributeNames is of the same type as that of GetQueueAttributes, and takes those names for nothing
  const unknown = asked.find((name) => name !== "All" && !isSystemAttribute(name) && !isAttribute(name, true))
  if (unknown !== undefined) return unknownAttribute(unknown)
  return ok({ system: asked.includes("All") ? ALL : new Set(asked.filter(isSystemAttribute)), isWanted })
}

function isSystemAttribute(name: string): name is SystemAttribute {
  return (ALL as ReadonlySet<string>).has(name)
}

/** `All`, `*` and `.*` stand for all names, `prefix.*` for those that begin so. */
function matcher(names: readonly string[]): (name: string) => boolean {
  if (names.includes("All") || names.includes("*")) return () => true
  const exact = new Set(names)
  const prefixes = names.filter((name) => name.endsWith(ANY_SUFFIX)).map((name) => name.slice(0, -ANY_SUFFIX.length))
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}
