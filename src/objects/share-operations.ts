import { encodeDeliveries } from "../core/log/delivered.ts"
import type { SharePush } from "../core/stream/share/share.ts"
import type { EndedSubscription, Shares } from "../core/stream/share/shares.ts"
import type { ToObject } from "../protocol/internal/frames.ts"
import { DISPLACED } from "./lease-subscriptions.ts"
import type { ShareSubscriptions } from "./share-subscriptions.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** What the share groups' part of a socket's operations works on. */
export interface ShareSocketContext {
  readonly shares: Shares
  readonly subscriptions: ShareSubscriptions
  readonly outbox: SocketOutbox
}

type SubscribeShare = Extract<ToObject, { type: "subscribe-share" }>

/** Begins to push to a socket what it may have of a share group. */
export function subscribeToShare(
  { shares, subscriptions, outbox }: ShareSocketContext,
  socket: WebSocket,
  operation: SubscribeShare,
  incarnation: number,
  now: number,
): void {
  const { sub, terms, lockDurationMs, grantedMessages, grantedBytes, detached, resume } = operation
  const share = shares.find(terms)
  if (!share) {
    return outbox.add(socket, { type: "failed", refs: [], sub, failure: { code: "share_not_open" } })
  }
  const isItsOwn = resume?.incarnation === incarnation && shares.isOf(share.id, resume.consumer)
  const { consumer, held, displaced } = subscriptions.begin(isItsOwn ? resume : null, shares, now)
  if (displaced) outbox.add(displaced.socket, { type: "ended", sub: displaced.sub, failure: DISPLACED })
  const totals = { grantedMessages, grantedBytes, sentMessages: 0, sentBytes: 0 }
  subscriptions.add(socket, { sub, consumer, detached, share: share.id, lockDurationMs, ...totals }, shares)
  const state = { stateId: share.id, stateGeneration: share.generation }
  outbox.add(socket, { type: "share-subscribed", sub, incarnation, ...state, consumer, held })
}

/** Settles what a socket's session asks to. */
export function settleShare(
  { shares, outbox }: ShareSocketContext,
  socket: WebSocket,
  { ref, terms, settlements }: Extract<ToObject, { type: "settle-share" }>,
  now: number,
): void {
  const outcomes = shares.settle(terms, settlements, now)
  if (outcomes.ok) outbox.add(socket, { type: "share-settled", ref, outcomes: outcomes.value })
  else outbox.add(socket, { type: "failed", refs: [ref], sub: null, failure: outcomes.error })
}

/** Hands out what a commit locked, to the sockets of the consumers. */
export function sendSharePushes({ subscriptions, outbox }: ShareSocketContext, pushes: readonly SharePush[]): void {
  for (const { consumer, deliveries } of pushes) {
    const attached = subscriptions.socketOf(consumer)
    if (!attached) continue
    subscriptions.touch(consumer)
    outbox.add(attached.socket, { type: "deliver", sub: attached.sub }, encodeDeliveries(deliveries))
  }
}

/** Tells subscriptions that their group is gone. */
export function endSubscriptions(
  { shares, subscriptions, outbox }: ShareSocketContext,
  ended: readonly EndedSubscription[],
  now: number,
): void {
  for (const { consumer, group } of ended) {
    const attached = subscriptions.socketOf(consumer)
    if (!attached) continue
    subscriptions.remove(consumer, shares, now)
    const failure = group === null ? SHARE_NOT_OPEN : ({ code: "not_found", resource: "group", name: group } as const)
    outbox.add(attached.socket, { type: "ended", sub: attached.sub, failure })
  }
}

const SHARE_NOT_OPEN = { code: "share_not_open" } as const
