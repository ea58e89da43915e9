import type { Failure } from "../core/errors.ts"
import { MAX_SUBSCRIPTIONS_PER_OBJECT } from "../core/limits.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { Confirm, Framed, ToObject } from "../protocol/internal/frames.ts"
import type { PartitionSubscriptions } from "./partition-subscriptions.ts"
import { decodeBatch } from "./queue-operations.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** What one operation of a socket works on. */
export interface PartitionSocketContext {
  readonly socket: WebSocket
  readonly partition: Partition
  readonly subscriptions: PartitionSubscriptions
  readonly outbox: SocketOutbox
}

/** Applies one operation of a socket to a partition, inside a commit. */
export function applyToPartition(
  context: PartitionSocketContext,
  { operation, blob }: Framed<ToObject>,
  now: number,
): void {
  const { socket, subscriptions, outbox } = context
  switch (operation.type) {
    case "subscribe-partition":
      return subscribe(context, operation)
    case "subscribe-queue":
      return refuse(context, [], operation.sub, { code: "invalid_request", detail: "a partition is no queue" })
    case "credit": {
      const subscription = subscriptions.find(socket, operation.sub)
      if (!subscription) return
      subscription.grantedMessages = Math.max(subscription.grantedMessages, operation.grantedMessages)
      subscription.grantedBytes = Math.max(subscription.grantedBytes, operation.grantedBytes)
      return subscriptions.touch(socket)
    }
    case "unsubscribe":
      subscriptions.remove(socket, operation.sub)
      return outbox.add(socket, { type: "ended", sub: operation.sub, failure: null })
    case "publish":
      return publish(context, operation, blob, now)
    case "settle":
      return refuse(context, [operation.ref], null, { code: "invalid_request", detail: "a partition has no receipts" })
    case "bye":
      return subscriptions.removeAll(socket)
  }
}

function subscribe(
  context: PartitionSocketContext,
  operation: Extract<ToObject, { type: "subscribe-partition" }>,
): void {
  const { socket, partition, subscriptions, outbox } = context
  const { sub, from, grantedMessages, grantedBytes } = operation
  if (subscriptions.find(socket, sub)) {
    return refuse(context, [], sub, { code: "conflict", detail: `subscription ${sub} exists` })
  }
  if (subscriptions.countOf(socket) >= MAX_SUBSCRIPTIONS_PER_OBJECT) {
    const detail = `at most ${MAX_SUBSCRIPTIONS_PER_OBJECT} subscriptions of one partition on a socket`
    return refuse(context, [], sub, { code: "invalid_request", detail })
  }
  const nextOffset = startOf(partition, from)
  const failure = partition.checkOffset(nextOffset)
  if (failure) return refuse(context, [], sub, failure)
  subscriptions.add(socket, { sub, nextOffset, grantedMessages, grantedBytes, sentMessages: 0, sentBytes: 0 })
  outbox.add(socket, { type: "subscribed", sub, incarnation: partition.incarnation, nextOffset })
}

/** Every ref of the operation is one client publish; together they are one append. */
function publish(
  context: PartitionSocketContext,
  { refs, counts, terms }: Extract<ToObject, { type: "publish" }>,
  blob: Uint8Array,
  now: number,
): void {
  const { socket, partition, outbox } = context
  const batch = decodeBatch(blob)
  if (!batch) return refuse(context, refs, null, { code: "invalid_request", detail: "damaged batch" })
  const appended = partition.append(batch, terms ?? null, now)
  if (!appended.ok) return refuse(context, refs, null, appended.error)
  const { appendedAt, repeated } = appended.value
  const again = repeated ? { repeated } : {}
  let { baseOffset } = appended.value
  const confirms: Confirm[] = refs.map((ref, index) => {
    const count = counts[index]!
    const confirm = { ref, baseOffset, appendedAt, count, ...again }
    if (baseOffset !== null) baseOffset += count
    return confirm
  })
  outbox.add(socket, { type: "confirm", incarnation: partition.incarnation, confirms })
}

function startOf(partition: Partition, from: number | "earliest" | "latest"): number {
  if (from === "earliest") return partition.startOffset
  return from === "latest" ? partition.endOffset : from
}

function refuse(
  { socket, outbox }: PartitionSocketContext,
  refs: readonly number[],
  sub: number | null,
  failure: Failure,
): void {
  outbox.add(socket, { type: "failed", refs, sub, failure })
}
