import type { Delivered } from "../checkers/history.ts"
import { sharedGroup, sharedId } from "../checkers/shared.ts"
import type { Received, ReceivePlace } from "./queue-receiver.ts"
import { HTTP_LEASE_MS, shareQueue, type TopicName } from "./settings.ts"

interface WireMessage {
  readonly id: string
  readonly body: string
  readonly receipt: string
  readonly deliveryCount: number
  readonly groupId?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface WireRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly body: string
  readonly receipt: string
  readonly deliveryCount: number
}

const SHARED = "shared" satisfies TopicName
const SOURCE = "millrace-dead-letter-source"

/** A queue as a place to receive from. */
export function queuePlace(queue: string, { repeats = false, forgetful = 0.02 } = {}): ReceivePlace {
  const read = (answer: unknown) => (answer as { messages: readonly WireMessage[] }).messages.map(receivedMessage)
  const path = `/v1/queues/${queue}`
  return { queue, path, leaseField: "visibilityTimeoutMs", leaseMs: HTTP_LEASE_MS, repeats, forgetful, read }
}

/** A share group of the topic `shared` as a place to receive from. */
export function sharePlace(share: string, forgetful = 0.02): ReceivePlace {
  const read = (answer: unknown) => (answer as { records: readonly WireRecord[] }).records.map(sharedRecord)
  const path = `/v1/topics/shared/share/${share}`
  const queue = shareQueue(share)
  return { queue, path, leaseField: "lockDurationMs", leaseMs: HTTP_LEASE_MS, repeats: false, forgetful, read }
}

function receivedMessage({ id, body, receipt, deliveryCount, groupId, headers = {} }: WireMessage): Received {
  const group = groupOf(groupId ?? null, headers)
  return { id, value: body, receipt, deliveryCount, group, deadLetter: deadLetterOf(headers) }
}

function sharedRecord({ partition, offset, key, body, receipt, deliveryCount }: WireRecord): Received {
  const group = sharedGroup(partition, key)
  return { id: sharedId(partition, offset), value: body, receipt, deliveryCount, group, deadLetter: null }
}

/** The group of a message; where it is a dead letter of a share group, that of its record. */
export function groupOf(group: string | null, headers: Readonly<Record<string, string>>): string | null {
  if (headers[SOURCE] !== SHARED) return group
  const [partition] = headers["millrace-dead-letter-id"]!.split("/")
  return sharedGroup(Number(partition), group)
}

/** What the headers of a dead letter say; null where it is none. */
export function deadLetterOf(headers: Readonly<Record<string, string>>): Delivered["deadLetter"] {
  const source = headers[SOURCE]
  if (source === undefined) return null
  return {
    // of the share groups of this topic one has dead letters
    source: source === SHARED ? shareQueue("workers") : source,
    reason: headers["millrace-dead-letter-reason"] ?? "",
    deliveryCount: Number(headers["millrace-dead-letter-delivery-count"]),
  }
}
