import { acquire } from "../delivery/acquire.ts"
import { type Consumer, type Consumers, creditOf } from "../delivery/consumers.ts"
import { heldByOthers, isHeld, stateAt } from "../delivery/inspect.ts"
import { extend } from "../delivery/settle.ts"
import { DETACHED, type Lease } from "../delivery/types.ts"
import type { Failure } from "../errors.ts"
import { MAX_RECEIVE_BYTES } from "../limits.ts"
import type { Delivery } from "../log/types.ts"
import { err, ok, type Result } from "../result.ts"
import type { ReceiveRequest } from "./commands.ts"
import type { Expiry } from "./expiry.ts"
import type { QueueState } from "./queue-state.ts"
import type { HandedOut, ReceiveAttempts } from "./receive-attempts.ts"
import { attemptsLimit } from "./settings.ts"

/** A subscription of this queue. */
export interface QueueConsumer extends Consumer {
  /** What its leases are held under: its id, or DETACHED for a waiting HTTP receive. */
  readonly holder: number
  /** null takes the queue's own. */
  readonly visibilityTimeoutMs: number | null
  /** When it began: the first to join is the single active consumer, where there is one. */
  readonly joinedAt: number
  /** Under which a waiting receive can be repeated, or null. */
  readonly attemptId: string | null
}

/** Messages for one subscription, to be pushed after the commit. */
export interface Push {
  readonly consumer: number
  readonly deliveries: readonly Delivery[]
}

/** What is handed out at most. */
interface Portion {
  readonly holder: number
  readonly maxMessages: number
  readonly maxBytes: number
  readonly visibilityTimeoutMs: number | null
}

/** What handing out works on. */
export interface DeliveringContext {
  readonly state: QueueState
  readonly expiry: Expiry
  readonly attempts: ReceiveAttempts
  readonly consumers: Consumers<QueueConsumer>
}

/** Leases messages to an HTTP receive. */
export function receive(
  context: DeliveringContext,
  request: ReceiveRequest,
  now: number,
): Result<readonly Delivery[], Failure> {
  const { singleActiveConsumer } = context.state.settings
  if (singleActiveConsumer && isTakenFrom(context, DETACHED)) return err({ code: "consumer_active" })
  const { maxMessages, visibilityTimeoutMs, attemptId } = request
  const portion = { holder: DETACHED, maxMessages, maxBytes: MAX_RECEIVE_BYTES, visibilityTimeoutMs }
  return ok(handOutOnce(context, portion, attemptId, now))
}

/** Leases messages to the consumers that wait, in turn and within their credit. */
export function serve(context: DeliveringContext, now: number): readonly Push[] {
  const { state, consumers } = context
  const waiting = waitingMessages(state, now)
  if (waiting === 0 || consumers.all.length === 0 || state.settings.deliveryPaused) return []
  const pushes: Push[] = []
  const serveOne = (consumer: QueueConsumer, maxMessages: number): number => {
    const deliveries = handOutOnce(context, portionOf(consumer, maxMessages), consumer.attemptId, now)
    consumer.sentMessages += deliveries.length
    for (const { frame } of deliveries) consumer.sentBytes += frame.length
    if (deliveries.length > 0) pushes.push({ consumer: consumer.id, deliveries })
    // a receive under an attempt id is answered once: what comes later would be its own messages again
    if (deliveries.length > 0 && consumer.attemptId !== null) consumer.grantedMessages = consumer.sentMessages
    return deliveries.length
  }
  if (!state.settings.singleActiveConsumer) consumers.share(waiting, serveOne)
  else {
    const active = activeConsumer(context)
    if (active && creditOf(active) > 0) serveOne(active, waiting)
  }
  return pushes
}

/** Messages that could be handed out at `now`. */
export function waitingMessages({ delivery, heldBack }: QueueState, now: number): number {
  return delivery.counts.available + Math.max(0, heldBack.end(now) - delivery.window.end)
}

function portionOf(consumer: QueueConsumer, maxMessages: number): Portion {
  return {
    holder: consumer.holder,
    maxMessages: Math.min(maxMessages, creditOf(consumer)),
    maxBytes: Math.min(consumer.grantedBytes - consumer.sentBytes, MAX_RECEIVE_BYTES),
    visibilityTimeoutMs: consumer.visibilityTimeoutMs,
  }
}

/** The consumer that joined first, while nobody else holds anything: its predecessor's messages must be back. */
function activeConsumer({ state, consumers }: DeliveringContext): QueueConsumer | null {
  let first: QueueConsumer | null = null
  for (const consumer of consumers.all) {
    const isEarlier =
      first === null || rank(consumer) < rank(first) || (rank(consumer) === rank(first) && consumer.id < first.id)
    if (isEarlier) first = consumer
  }
  return first && !heldByOthers(state.delivery, first.holder) ? first : null
}

/** HTTP receives come after every subscription. */
function rank({ holder, joinedAt }: QueueConsumer): number {
  return holder === DETACHED ? Infinity : joinedAt
}

/** Whether a single active consumer is somebody else than `holder`. */
function isTakenFrom({ state, consumers }: DeliveringContext, holder: number): boolean {
  return consumers.all.some((consumer) => consumer.holder !== holder) || heldByOthers(state.delivery, holder)
}

/** Hands out what an earlier receive under the same attempt id did, while all of that is as it was; else something new. */
function handOutOnce(
  context: DeliveringContext,
  portion: Portion,
  attemptId: string | null,
  now: number,
): readonly Delivery[] {
  if (context.state.settings.deliveryPaused) return []
  if (attemptId === null) return handOut(context, portion, now)
  const before = context.attempts.find(attemptId, now)
  if (before && before.length > 0) {
    const repeated = handOutAgain(context.state, before, portion, now)
    if (repeated) return repeated
  }
  const deliveries = handOut(context, portion, now)
  if (deliveries.length > 0) {
    const handedOut = deliveries.map(({ offset, attempt }) => ({ offset, attempt }))
    context.attempts.remember(attemptId, handedOut, now)
  }
  return deliveries
}

function handOutAgain(
  state: QueueState,
  before: readonly HandedOut[],
  portion: Portion,
  now: number,
): readonly Delivery[] | null {
  if (!before.every(({ offset, attempt }) => isHeld(state.delivery, offset, attempt))) return null
  return before.flatMap(({ offset, attempt }) => {
    extend(state.delivery, offset, attempt, untilAt(state, portion, now), now)
    const held = stateAt(state.delivery, offset)
    return held.kind === "in_flight" ? [deliveryOf(state, { offset, ...held }, now)] : []
  })
}

/** Leases messages; those that are too old leave instead. */
function handOut({ state, expiry }: DeliveringContext, portion: Portion, now: number): readonly Delivery[] {
  const { settings, delivery, departuresLeft } = state
  const check = expiry.check(now)
  const { leases, departures } = acquire(
    delivery,
    {
      consumer: portion.holder,
      maxMessages: Math.min(portion.maxMessages, Math.max(0, settings.maxInFlight - delivery.counts.inFlight)),
      untilAt: untilAt(state, portion, now),
      maxDeliveries: settings.maxDeliveries,
      maxAttempts: attemptsLimit(settings),
      maxDepartures: state.isDeadLettered("expired") ? departuresLeft - check.max : departuresLeft,
      maxBytes: portion.maxBytes,
    },
    state.heldBack.view(now),
    now,
    check,
  )
  expiry.left(departures)
  state.depart(departures, now)
  state.counters.delivered += leases.length
  return leases.map((lease) => deliveryOf(state, lease, now))
}

function untilAt({ settings }: QueueState, { visibilityTimeoutMs }: Portion, now: number): number {
  return now + (visibilityTimeoutMs ?? settings.visibilityTimeoutMs)
}

function deliveryOf(state: QueueState, lease: Lease, now: number): Delivery {
  const { offset, attempt, deliveryCount, firstDeliveredAt } = lease
  const { entry, frame } = state.log.frameAt(offset, state.appendTime(now))
  const [messageId, appendedAt] = [entry?.messageId ?? 0, entry?.appendedAt ?? 0]
  return { offset, attempt, deliveryCount, firstDeliveredAt, messageId, appendedAt, frame }
}
