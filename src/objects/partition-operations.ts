import type { Failure } from "../core/errors.ts"
import { MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT, MAX_SUBSCRIPTIONS_PER_OBJECT } from "../core/limits.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { Confirm, Framed, ToObject } from "../protocol/internal/frames.ts"
import type { PartitionShares } from "./partition-shares.ts"
import type { PartitionSubscriptions } from "./partition-subscriptions.ts"
import { decodeBatch } from "./queue-operations.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** What one operation of a socket works on. */
export interface PartitionSocketContext {
  readonly socket: WebSocket
  readonly partition: Partition
  readonly subscriptions: PartitionSubscriptions
  readonly shares: PartitionShares
  readonly outbox: SocketOutbox
}

/** Applies one operation of a socket to a partition, inside a commit. */
export function applyToPartition(
  context: PartitionSocketContext,
  { operation, blob }: Framed<ToObject>,
  now: number,
): void {
  const { socket, subscriptions, shares, outbox } = context
  switch (operation.type) {
    case "subscribe-partition":
      return subscribe(context, operation)
    case "subscribe-queue":
      return refuse(context, [], operation.sub, { code: "invalid_request", detail: "a partition is no queue" })
    case "credit": {
      const subscription = subscriptions.find(socket, operation.sub)
      if (!subscription) return shares.credit(socket, operation)
      subscription.grantedMessages = Math.max(subscription.grantedMessages, operation.grantedMessages)
      subscription.grantedBytes = Math.max(subscription.grantedBytes, operation.grantedBytes)
      return subscriptions.touch(socket)
    }
    case "drain": {
      const subscription = subscriptions.find(socket, operation.sub)
      if (!subscription) return shares.drain(socket, operation.sub)
      subscriptions.drain(socket, subscription)
      return outbox.add(socket, { type: "drained", sub: operation.sub })
    }
    case "unsubscribe":
      if (subscriptions.find(socket, operation.sub)) subscriptions.remove(socket, operation.sub)
      else shares.unsubscribe(socket, operation.sub, now)
      return outbox.add(socket, { type: "ended", sub: operation.sub, failure: null })
    case "publish":
      return publish(context, operation, blob, now)
    case "settle":
      return refuse(context, [operation.ref], null, { code: "invalid_request", detail: "a partition has no receipts" })
    case "subscribe-share": {
      const failure = placeFailure(context, operation.sub)
      return failure ? refuse(context, [], operation.sub, failure) : shares.subscribe(socket, operation, now)
    }
    case "settle-share":
      return shares.settleFrame(socket, operation, now)
    case "watch-member":
      return refuse(context, [], operation.sub, { code: "invalid_request", detail: "a partition has no members" })
    case "bye":
      shares.bye(socket, now)
      return subscriptions.removeAll(socket)
  }
}

function subscribe(
  context: PartitionSocketContext,
  operation: Extract<ToObject, { type: "subscribe-partition" }>,
): void {
  const { socket, partition, subscriptions, outbox } = context
  const { sub, from, grantedMessages, grantedBytes, owner } = operation
  const noPlace = placeFailure(context, sub)
  if (noPlace) return refuse(context, [], sub, noPlace)
  if (owner && subscriptions.ownedOf(socket) >= MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT) {
    const detail = `at most ${MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT} members of groups follow one partition on a socket`
    return refuse(context, [], sub, { code: "invalid_request", detail })
  }
  const nextOffset = startOf(partition, from)
  const failure = (owner ? partition.groups.check(owner) : null) ?? partition.checkOffset(nextOffset)
  if (failure) return refuse(context, [], sub, failure)
  const owned = owner ? { owner } : {}
  subscriptions.add(socket, { sub, nextOffset, grantedMessages, grantedBytes, sentMessages: 0, sentBytes: 0, ...owned })
  outbox.add(socket, { type: "subscribed", sub, incarnation: partition.incarnation, nextOffset })
}

/** Every ref of the operation is one client publish; together they are one append. */
function publish(
  context: PartitionSocketContext,
  { refs, counts, terms, partitions }: Extract<ToObject, { type: "publish" }>,
  blob: Uint8Array,
  now: number,
): void {
  const { socket, partition, outbox } = context
  const batch = decodeBatch(blob)
  if (!batch) return refuse(context, refs, null, { code: "invalid_request", detail: "damaged batch" })
  const appended = partition.append(batch, terms ?? null, now, partitions)
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

/** Why another subscription of this number can't be, or null. Those of readers and share groups count together. */
function placeFailure({ socket, subscriptions, shares }: PartitionSocketContext, sub: number): Failure | null {
  if (subscriptions.find(socket, sub) || shares.has(socket, sub)) {
    return { code: "conflict", detail: `subscription ${sub} exists` }
  }
  if (subscriptions.countOf(socket) + shares.countOf(socket) < MAX_SUBSCRIPTIONS_PER_OBJECT) return null
  const detail = `at most ${MAX_SUBSCRIPTIONS_PER_OBJECT} subscriptions of one partition on a socket`
  return { code: "invalid_request", detail }
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
