import type { QueueStatistics } from "../../core/queue/commands.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { annotated } from "./annotations.ts"
import { parseJson } from "./json-text.ts"
import { DEFAULT_KMS_REUSE_SECONDS } from "./limits.ts"
import type { GivenAttributes, QueueAttribute, ReadOnlyAttribute } from "./queue-attributes.ts"
import { queueDefaults } from "./queue-defaults.ts"
import { formatRedrivePolicy, parseRedrivePolicy } from "./redrive-policy.ts"

/** A queue as the catalog holds it. */
export interface DescribedQueue {
  readonly name: string
  readonly settings: QueueSettings
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** How many messages there are. */
export type QueueCounts = Pick<QueueStatistics, "ready" | "inFlight" | "delayed" | "scheduled">

/** Names a queue. */
type ArnOf = (queue: string) => string

/** The attributes that tell how many messages a queue has. */
export function countAttributes({ ready, inFlight, delayed, scheduled }: QueueCounts) {
  return {
    ApproximateNumberOfMessages: String(ready),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed + scheduled),
  } satisfies Partial<Record<ReadOnlyAttribute, string>>
}

/** The attributes of a queue but for those that count: what it was set to, and what holds where it was not. */
export function queueAttributes(queue: DescribedQueue, arnOf: ArnOf): Record<string, string> {
  const { name, settings, createdAt, updatedAt } = queue
  const shown = currentAttributes(settings, arnOf)
  // without a key nothing is encrypted with one, and the real service does not show for how long
  if (!shown.has("KmsMasterKeyId")) shown.delete("KmsDataKeyReusePeriodSeconds")
  return {
    ...Object.fromEntries(shown),
    QueueArn: arnOf(name),
    CreatedTimestamp: wholeSeconds(createdAt),
    LastModifiedTimestamp: wholeSeconds(updatedAt),
  }
}

/** What every attribute that can be set is at the moment; those without a value are left out. */
export function currentAttributes(settings: QueueSettings, arnOf: ArnOf): Map<QueueAttribute, string> {
  const kmsKey = annotated(settings, "KmsMasterKeyId")
  const { maximumMessageSizeBytes, messageDelaySeconds, receiveWaitSeconds } = queueDefaults(settings)
  const values: [QueueAttribute, string | undefined][] = [
    ["VisibilityTimeout", wholeSeconds(settings.visibilityTimeoutMs)],
    ["MaximumMessageSize", String(maximumMessageSizeBytes)],
    ["MessageRetentionPeriod", wholeSeconds(settings.retentionMs)],
    ["DelaySeconds", String(messageDelaySeconds ?? wholeSeconds(settings.delayMs))],
    ["ReceiveMessageWaitTimeSeconds", String(receiveWaitSeconds)],
    ["Policy", annotated(settings, "Policy")],
    ["RedrivePolicy", redrivePolicy(settings, arnOf)],
    ["RedriveAllowPolicy", annotated(settings, "RedriveAllowPolicy")],
    ["KmsMasterKeyId", kmsKey],
    [
      "KmsDataKeyReusePeriodSeconds",
      annotated(settings, "KmsDataKeyReusePeriodSeconds") ?? String(DEFAULT_KMS_REUSE_SECONDS),
    ],
    ["SqsManagedSseEnabled", annotated(settings, "SqsManagedSseEnabled") ?? String(kmsKey === undefined)],
    ...(settings.ordering === "fifo" ? fifoAttributes(settings) : []),
  ]
  return new Map(values.filter((pair): pair is [QueueAttribute, string] => pair[1] !== undefined))
}

/** The first of the attributes `given` that the queue has otherwise, or null. */
export function differentAttribute(
  given: GivenAttributes,
  settings: QueueSettings,
  arnOf: ArnOf,
): QueueAttribute | null {
  if (given.has("FifoQueue") !== (settings.ordering === "fifo")) return "FifoQueue"
  const current = currentAttributes(settings, arnOf)
  for (const [name, text] of given) {
    if (comparable(name, text) !== comparable(name, current.get(name) ?? "")) return name
  }
  return null
}

function fifoAttributes(settings: QueueSettings): [QueueAttribute, string][] {
  return [
    ["FifoQueue", "true"],
    ["ContentBasedDeduplication", String(settings.contentDeduplication)],
    ["DeduplicationScope", settings.dedupScope === "group" ? "messageGroup" : "queue"],
    ["FifoThroughputLimit", annotated(settings, "FifoThroughputLimit") ?? "perQueue"],
  ]
}

/** Dead letters for another reason than too many deliveries are nothing that the attribute could tell. */
function redrivePolicy({ deadLetterQueue, maxDeliveries }: QueueSettings, arnOf: ArnOf): string | undefined {
  if (deadLetterQueue === null || maxDeliveries === null) return undefined
  return formatRedrivePolicy({ deadLetterQueue, maxDeliveries }, arnOf)
}

/** Of times that are no whole seconds what has passed: queues made natively have such. */
function wholeSeconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000))
}

/** What is the same for two texts that mean the same. */
function comparable(name: QueueAttribute, text: string): string {
  const isJson = name === "Policy" || name === "RedriveAllowPolicy" || name === "RedrivePolicy"
  if (!isJson || text === "") return text
  if (name !== "RedrivePolicy") return canonicalJson(text)
  const parsed = parseRedrivePolicy(text)
  return parsed.ok ? `${parsed.value.deadLetterQueue} ${parsed.value.maxDeliveries}` : text
}

function canonicalJson(text: string): string {
  const parsed = parseJson(text)
  // an annotation may have been written by somebody else
  return parsed === undefined ? text : JSON.stringify(parsed, (_key, value: unknown) => sortedKeys(value))
}

function sortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
