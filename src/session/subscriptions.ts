import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { Owner } from "../core/stream/group-commands.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { ShareSource } from "../protocol/native/share-json.ts"
import { Credit, type Grant } from "./credit.ts"
import { type Delivered, deliverMessages, deliverRecords, deliverShare } from "./deliver.ts"
import type { Numbers } from "./numbers.ts"
import type { ObjectLink, SubscriptionFrame } from "./object-link.ts"
import { errorFrame, subscribedFrame, unsubscribedFrame } from "./server-frames.ts"

/** What a subscription is of. */
export type Source =
  | { readonly kind: "queue"; readonly queue: string; readonly visibilityTimeoutMs: number | null }
  | {
      readonly kind: "partition"
      readonly topic: string
      readonly partition: number
      readonly from: number | "earliest" | "latest"
      /** Null for a reader that belongs to no group. */
      readonly owner: GroupOwner | null
    }
  | {
      readonly kind: "share"
      readonly topic: string
      readonly partition: number
      readonly group: string
      readonly lockDurationMs: number | null
    }

/** The member of a consumer group that reads a partition, and since when it has it. */
export type GroupOwner = Omit<Owner, "generation">

/** What has begun, as its receipts name it. */
type Begun =
  | { readonly kind: "plain"; readonly incarnation: number }
  | { readonly kind: "share"; readonly source: ShareSource }

/** One subscription of a client; its number is the client's. */
export interface Subscription {
  readonly sub: number
  readonly source: Source
  readonly credit: Credit
  /** Null until the settings of its queue or topic are known. */
  link: ObjectLink | null
  /** Null until the subscription has begun. */
  begun: Begun | null
  /** Whose time a topic's records show, as its settings were when the subscription began. */
  timestamp: TopicSettings["timestamp"]
  /** The client has asked for its end. */
  ending: boolean
  /** How often its object has been asked, unseen by the client. */
  attempts: number
  /** Incarnation of its group as the object was told last. */
  generation: number
}

/** The subscriptions of one client socket. */
export class Subscriptions {
  readonly #bySub = new Map<number, Subscription>()
  readonly #numbers: Numbers
  readonly #reply: (frame: string) => void
  readonly #turnedAway: (group: string, memberId: string) => void

  /** `reply` sends a frame to the client; `turnedAway` hears of members whose partition is not theirs. */
  constructor(numbers: Numbers, reply: (frame: string) => void, turnedAway: (group: string, memberId: string) => void) {
    this.#numbers = numbers
    this.#reply = reply
    this.#turnedAway = turnedAway
  }

  /** A new subscription with the credit that it begins with. */
  add(sub: number, source: Source, grant: Grant): Result<Subscription, Failure> {
    const credit = new Credit()
    const taken = this.#numbers.take(sub)
    if (!taken.ok) return taken
    const granted = credit.grant(grant)
    if (!granted.ok) {
      this.#numbers.free(sub)
      return granted
    }
    const subscription: Subscription = {
      sub,
      source,
      credit,
      link: null,
      begun: null,
      timestamp: "broker",
      ending: false,
      attempts: 0,
      generation: 0,
    }
    this.#bySub.set(sub, subscription)
    return ok(subscription)
  }

  /** The subscription with this number that has not been told to end. */
  find(sub: number): Result<Subscription, Failure> {
    const subscription = this.#bySub.get(sub)
    return subscription === undefined || subscription.ending
      ? invalidField("/sub", "is the number of no subscription")
      : ok(subscription)
  }

  /** Takes over what its object says of a subscription. */
  said(frame: SubscriptionFrame, blob: Uint8Array): void {
    const subscription = this.#bySub.get(frame.sub)
    if (subscription === undefined) return
    switch (frame.type) {
      case "subscribed":
        subscription.begun = { kind: "plain", incarnation: frame.incarnation }
        return this.#reply(subscribedFrame(frame.sub, frame.nextOffset))
      case "share-subscribed":
        return this.#shareBegun(subscription, frame)
      case "deliver":
        return this.#deliver(subscription, deliveredOf(subscription, blob))
      case "rows":
        return this.#deliver(subscription, deliverRecords(frame, blob, subscription.timestamp))
      case "ended":
        // of one that is ending the object says so once more
        if (frame.failure !== null && subscription.ending) return
        return this.end(frame.sub, endOf(subscription.source, frame.failure))
      case "member-news":
        return
    }
  }

  /** Ends a subscription; one that never began was refused. */
  end(sub: number, failure: Failure | null): void {
    const subscription = this.#bySub.get(sub)
    if (subscription === undefined) return
    this.#bySub.delete(sub)
    this.#numbers.free(sub)
    subscription.link?.subscriptions.delete(sub)
    const refused = failure !== null && subscription.begun === null && !subscription.ending
    this.#reply(refused ? errorFrame(failure, { ref: null, sub }) : unsubscribedFrame(sub, failure))
    const owner = subscription.source.kind === "partition" ? subscription.source.owner : null
    if (failure?.code === "fenced" && owner !== null) this.#turnedAway(owner.group, owner.memberId)
  }

  #shareBegun(subscription: Subscription, frame: Extract<SubscriptionFrame, { type: "share-subscribed" }>): void {
    const { sub, source } = subscription
    if (source.kind !== "share") return
    const { incarnation, stateId, stateGeneration } = frame
    const { partition } = source
    subscription.begun = { kind: "share", source: { incarnation, partition, stateId, stateGeneration } }
    this.#reply(subscribedFrame(sub, null))
  }

  #deliver({ credit }: Subscription, { frame, messages, bytes }: Delivered): void {
    credit.delivered(messages, bytes)
    this.#reply(frame)
  }
}

/** Deliveries with their receipts, from a queue or a partition's share group. */
function deliveredOf({ sub, begun, timestamp }: Subscription, blob: Uint8Array): Delivered {
  if (begun?.kind === "share") return deliverShare(sub, begun.source, blob, timestamp)
  return deliverMessages(sub, begun?.incarnation ?? 0, blob)
}

/** A partition that has forgotten a group, and then its memory, knows it by no name. */
function endOf(source: Source, failure: Failure | null): Failure | null {
  if (source.kind !== "share" || failure?.code !== "share_not_open") return failure
  return { code: "not_found", resource: "group", name: source.group }
}
