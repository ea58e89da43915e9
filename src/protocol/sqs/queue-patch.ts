import type { QueuePatch, QueueSettings } from "../../core/queue/settings.ts"
import { annotationOf } from "./annotations.ts"
import type { SqsFailure } from "./errors.ts"
import { type GivenAttributes, invalidValue, type QueueAttribute } from "./queue-attributes.ts"
import { parseRedrivePolicy } from "./redrive-policy.ts"

type Ordering = QueueSettings["ordering"]

/** What a new queue with these attributes is made of. */
export function newQueuePatch(given: GivenAttributes): QueuePatch {
  const ordering: Ordering = given.has("FifoQueue") ? "fifo" : "standard"
  // of any standard queue a group id may name a tenant
  return { ...queuePatch(given, ordering), ordering, fair: ordering === "standard" }
}

/** What becomes of a queue's settings with these attributes. */
export function queuePatch(given: GivenAttributes, ordering: Ordering): QueuePatch {
  const parts = [...given].map(([name, text]) => patchOf(name, text, ordering))
  const annotations = Object.assign({}, ...parts.map((part) => part.annotations)) as Record<string, string | null>
  const patch: QueuePatch = Object.assign({}, ...parts) as QueuePatch
  return Object.keys(annotations).length === 0
    ? patch
    : { ...patch, annotations: { ...encryption(given), ...annotations } }
}

/** Why attributes that were checked one by one do not go together with what the queue has, or null. */
export function togetherRefusal(given: GivenAttributes, current: GivenAttributes): SqsFailure | null {
  const effective = (name: QueueAttribute): string | undefined => given.get(name) ?? current.get(name)
  const isPerGroup = effective("FifoThroughputLimit") === "perMessageGroupId"
  if (!isPerGroup || effective("DeduplicationScope") === "messageGroup") return null
  return invalidValue(
    "FifoThroughputLimit",
    "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
  ).error
}

function patchOf(name: QueueAttribute, text: string, ordering: Ordering): QueuePatch {
  switch (name) {
    case "VisibilityTimeout":
      return { visibilityTimeoutMs: Number(text) * 1000 }
    case "MessageRetentionPeriod":
      return { retentionMs: Number(text) * 1000 }
    case "ContentBasedDeduplication":
      return { contentDeduplication: text === "true" }
    case "DeduplicationScope":
      return { dedupScope: text === "messageGroup" ? "group" : "queue" }
    case "RedrivePolicy":
      return redrive(text)
    case "DelaySeconds":
      // a message of a standard queue may be earlier than its queue's delay, so that must not be the broker's
      return ordering === "fifo"
        ? { delayMs: Number(text) * 1000 }
        : { delayMs: 0, annotations: annotation(name, text) }
    case "FifoQueue":
      return {}
    case "MaximumMessageSize":
    case "ReceiveMessageWaitTimeSeconds":
    case "Policy":
    case "RedriveAllowPolicy":
    case "KmsMasterKeyId":
    case "KmsDataKeyReusePeriodSeconds":
    case "SqsManagedSseEnabled":
    case "FifoThroughputLimit":
      return { annotations: annotation(name, text) }
  }
}

function annotation(name: QueueAttribute, text: string): Record<string, string | null> {
  return { [annotationOf(name)]: text === "" ? null : text }
}

function redrive(text: string): QueuePatch {
  if (text === "") return { deadLetterQueue: null, maxDeliveries: null }
  const parsed = parseRedrivePolicy(text)
  if (!parsed.ok) throw new Error("a redrive policy is checked before it is applied")
  return parsed.value
}

/** Of the two ways of encryption the one that is switched on switches the other off. */
function encryption(given: GivenAttributes): Record<string, string | null> {
  if ((given.get("KmsMasterKeyId") ?? "") !== "") return annotation("SqsManagedSseEnabled", "false")
  if (given.get("SqsManagedSseEnabled") !== "true") return {}
  return { ...annotation("KmsMasterKeyId", ""), ...annotation("KmsDataKeyReusePeriodSeconds", "") }
}
