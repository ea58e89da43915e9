import { CorruptError } from "../core/bytes/corrupt.ts"
import type { Failure } from "../core/errors.ts"
import { MAX_SUBSCRIPTIONS_PER_OBJECT } from "../core/limits.ts"
import { decodeSubmissions, type Submissions } from "../core/log/submission.ts"
import type { ProducerBatch } from "../core/producers/producer-state.ts"
import type { SendResult } from "../core/queue/commands.ts"
import type { Push } from "../core/queue/delivering.ts"
import type { Queue } from "../core/queue/queue.ts"
import { encodeDeliveries } from "../core/log/delivered.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import { completeSettlement, completeSubscription } from "./older-callers.ts"
import { DISPLACED } from "./lease-subscriptions.ts"
import type { QueueSubscriptions } from "./queue-subscriptions.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** What one operation of a socket works on. */
export interface QueueSocketContext {
  readonly socket: WebSocket
  readonly queue: Queue
  readonly subscriptions: QueueSubscriptions
  readonly outbox: SocketOutbox
}

/** Applies one operation of a socket to a queue, inside a commit. */
export function applyToQueue(context: QueueSocketContext, { operation, blob }: Framed<ToObject>, now: number): void {
  const { socket, queue, subscriptions, outbox } = context
  switch (operation.type) {
    case "subscribe-queue":
      return subscribe(context, operation, now)
    case "subscribe-share":
    case "watch-member":
    case "subscribe-partition":
      return refuse(context, [], operation.sub, { code: "invalid_request", detail: "a queue has no partitions" })
    case "credit": {
      const consumer = subscriptions.consumerOf(socket, operation.sub, queue)
      if (!consumer) return
      consumer.grantedMessages = Math.max(consumer.grantedMessages, operation.grantedMessages)
      consumer.grantedBytes = Math.max(consumer.grantedBytes, operation.grantedBytes)
      return subscriptions.touch(consumer.id)
    }
    case "drain": {
      const consumer = subscriptions.consumerOf(socket, operation.sub, queue)
      if (!consumer) return
      subscriptions.drain(consumer)
      return outbox.add(socket, { type: "drained", sub: operation.sub })
    }
    case "unsubscribe": {
      const consumer = subscriptions.consumerOf(socket, operation.sub, queue)
      if (consumer) subscriptions.remove(consumer.id, queue, now)
      return outbox.add(socket, { type: "ended", sub: operation.sub, failure: null })
    }
    case "publish":
      return publish(context, operation, blob, now)
    case "settle": {
      const results = operation.settlements.map((each) => queue.settle(completeSettlement(each), now))
      return outbox.add(socket, { type: "settled", ref: operation.ref, results })
    }
    case "settle-share":
      return refuse(context, [operation.ref], null, { code: "invalid_request", detail: "a queue has no share groups" })
    case "bye":
      return subscriptions.removeAll(socket, queue, now)
  }
}

/** Hands out what a commit leased, to the sockets of the consumers. */
export function sendPushes(
  pushes: readonly Push[],
  { subscriptions, outbox }: Pick<QueueSocketContext, "subscriptions" | "outbox">,
): void {
  for (const { consumer, deliveries } of pushes) {
    const attached = subscriptions.socketOf(consumer)
    if (!attached) continue
    subscriptions.touch(consumer)
    outbox.add(attached.socket, { type: "deliver", sub: attached.sub }, encodeDeliveries(deliveries))
  }
}

function subscribe(
  context: QueueSocketContext,
  operation: Extract<ToObject, { type: "subscribe-queue" }>,
  now: number,
): void {
  const { socket, queue, subscriptions, outbox } = context
  const { type: _, resume, ...wanted } = completeSubscription(operation)
  if (subscriptions.consumerOf(socket, operation.sub, queue)) {
    return refuse(context, [], operation.sub, { code: "conflict", detail: `subscription ${operation.sub} exists` })
  }
  if (subscriptions.countOf(socket) >= MAX_SUBSCRIPTIONS_PER_OBJECT) {
    const detail = `at most ${MAX_SUBSCRIPTIONS_PER_OBJECT} subscriptions of one queue on a socket`
    return refuse(context, [], operation.sub, { code: "invalid_request", detail })
  }
  const { incarnation } = queue.state.identity
  const isSameLife = resume?.incarnation === incarnation
  const { consumer, held, displaced } = subscriptions.begin(isSameLife ? resume : null, queue, now)
  if (displaced) outbox.add(displaced.socket, { type: "ended", sub: displaced.sub, failure: DISPLACED })
  // whoever holds something comes first where one consumer at a time is served
  const joinedAt = held > 0 ? 0 : now
  subscriptions.add(socket, { ...wanted, consumer, joinedAt, sentMessages: 0, sentBytes: 0 }, queue)
  outbox.add(socket, { type: "subscribed", sub: operation.sub, incarnation, nextOffset: null, consumer, held })
}

function publish(
  context: QueueSocketContext,
  { refs, counts, terms }: Extract<ToObject, { type: "publish" }>,
  blob: Uint8Array,
  now: number,
): void {
  const { socket, queue, outbox } = context
  const batch = decodeBatch(blob)
  if (!batch) return refuse(context, refs, null, { code: "invalid_request", detail: "damaged batch" })
  if (terms?.producer) return publishBy(context, terms.producer, { ref: refs[0]!, batch }, now)
  const sent = queue.send(batch, now)
  if (!sent.ok) return refuse(context, refs, null, sent.error)
  const { incarnation } = queue.state.identity
  const run = counts.every((count) => count === 1) ? runOf(refs, sent.value) : null
  if (run) return outbox.add(socket, { type: "confirm-run", incarnation, ...run })
  let from = 0
  const confirms = refs.map((ref, index) => {
    const results = sent.value.slice(from, from + counts[index]!)
    from += counts[index]!
    return { ref, results }
  })
  outbox.add(socket, { type: "confirm", incarnation, confirms })
}

/** What single messages were given, one for each ref, where refs and ids both follow one another. Else null. */
function runOf(
  refs: readonly number[],
  results: readonly SendResult[],
): { readonly firstRef: number; readonly firstId: number; readonly count: number } | null {
  const [firstRef, firstId] = [refs[0], results[0]]
  const count = refs.length
  if (firstRef === undefined || typeof firstId !== "number") return null
  for (let at = 1; at < count; at++) {
    if (refs[at] !== firstRef + at || results[at] !== firstId + at) return null
  }
  return { firstRef, firstId, count }
}

/** The publish of a producer stands for itself: what is refused of it spoils no other. */
function publishBy(
  context: QueueSocketContext,
  producer: ProducerBatch,
  { ref, batch }: { readonly ref: number; readonly batch: Submissions },
  now: number,
): void {
  const { socket, queue, outbox } = context
  const sent = queue.sendBy(producer, batch, now)
  if (!sent.ok) return refuse(context, [ref], null, sent.error)
  const { incarnation } = queue.state.identity
  outbox.add(socket, { type: "confirm", incarnation, confirms: [{ ref, ...sent.value }] })
}

function refuse(
  { socket, outbox }: QueueSocketContext,
  refs: readonly number[],
  sub: number | null,
  failure: Failure,
): void {
  outbox.add(socket, { type: "failed", refs, sub, failure })
}

/** A batch from the Worker, or null where it was damaged on the way. */
export function decodeBatch(blob: Uint8Array): Submissions | null {
  try {
    return decodeSubmissions(blob)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
