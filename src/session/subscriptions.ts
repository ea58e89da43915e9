import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { Owner } from "../core/stream/group-commands.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { ResumedLeases, ToObject } from "../protocol/internal/frames.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { ShareSource } from "../protocol/native/share-json.ts"
import { Credit, type Grant } from "./credit.ts"
import { CreditPool } from "./credit-pool.ts"
import { type Delivered, type DeliveredForm, deliverMessages, deliverRecords, deliverShare } from "./deliver.ts"
import type { Numbers } from "./numbers.ts"
import type { ObjectLink, SubscriptionFrame } from "./object-link.ts"
import type { Outflow } from "./outflow.ts"
import { formatResumeToken, type ResumeToken } from "./resume.ts"
import { drainedFrame, errorFrame, subscribedFrame, unsubscribedFrame } from "./server-frames.ts"

/** What a subscription is of. */
export type Source =
  | {
      readonly kind: "queue"
      readonly queue: string
      readonly visibilityTimeoutMs: number | null
      readonly binary: boolean
    }
  | {
      readonly kind: "partition"
      readonly topic: string
      readonly partition: number
      readonly from: number | "earliest" | "latest"
      /** Null for a reader that belongs to no group. */
      readonly owner: GroupOwner | null
      readonly binary: boolean
    }
  | {
      readonly kind: "share"
      readonly topic: string
      readonly partition: number
      readonly group: string
      readonly lockDurationMs: number | null
      /** Whether deliveries come as batches. */
      readonly binary: boolean
    }

/** The member of a consumer group that reads a partition, and since when it has it. */
export type GroupOwner = Omit<Owner, "generation">

/** Leases that a subscription takes over, some hundred thousand at most: they are kept no longer than they are needed. */
export interface Resuming {
  readonly leases: ResumedLeases
  /** To be called once when they are not. */
  readonly release: () => void
}

/** What has begun, as its receipts name it. */
type Begun =
  | { readonly kind: "plain"; readonly incarnation: number }
  | { readonly kind: "share"; readonly source: ShareSource }

/** One subscription of a client; its number is the client's. */
export interface Subscription {
  readonly sub: number
  readonly source: Source
  readonly credit: Credit
  /** Whether it goes on with what another one held. */
  readonly isResumed: boolean
  /** Null once its object has answered, and where it is not resumed. */
  resuming: Resuming | null
  /** Null until the settings of its queue or topic are known. */
  link: ObjectLink | null
  /** Null until the subscription has begun. */
  begun: Begun | null
  /** Whose time a topic's records show, as its settings were when the subscription began. */
  timestamp: TopicSettings["timestamp"]
  /** The client has asked for its end. */
  ending: boolean
  /** The client wants nothing more. */
  draining: boolean
  /** What is to be said behind its `subscribe`, as it came while that still waited for what the catalog knows. */
  readonly early: Extract<ToObject, { readonly sub: number }>[]
  /** How often its object has been asked, unseen by the client. */
  attempts: number
  /** Incarnation of its group as the object was told last. */
  generation: number
}

/** Who hears of what happens to subscriptions. */
export interface SubscriptionsHost {
  /** A partition is not this member's. */
  turnedAway(group: string, memberId: string): void
  /** The object is to be told of more credit. */
  granted(subscription: Subscription): void
}

/** The subscriptions of one client socket. */
export class Subscriptions {
  readonly #bySub = new Map<number, Subscription>()
  readonly #numbers: Numbers
  readonly #outflow: Outflow
  readonly #host: SubscriptionsHost
  readonly #pool = new CreditPool()

  constructor(numbers: Numbers, outflow: Outflow, host: SubscriptionsHost) {
    this.#numbers = numbers
    this.#outflow = outflow
    this.#host = host
  }

  /** A new subscription with the credit that it begins with, and what it takes over, or null. */
  add(sub: number, source: Source, grant: Grant, resuming: Resuming | null): Result<Subscription, Failure> {
    const credit = new Credit(this.#pool, () => this.#host.granted(subscription))
    const taken = this.#numbers.take(sub)
    if (!taken.ok) return taken
    const granted = credit.grant(grant)
    if (!granted.ok) {
      credit.end()
      this.#numbers.free(sub)
      return granted
    }
    const subscription: Subscription = {
      sub,
      source,
      credit,
      isResumed: resuming !== null,
      resuming,
      link: null,
      begun: null,
      timestamp: "broker",
      ending: false,
      draining: false,
      early: [],
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
        releaseResumed(subscription)
        return this.#outflow.reply(plainBegun(subscription, frame))
      case "share-subscribed":
        return this.#shareBegun(subscription, frame)
      case "deliver":
        return this.#deliver(subscription, deliveredOf(subscription, blob))
      case "rows":
        return this.#deliver(subscription, deliverRecords(frame, blob, formOf(subscription)))
      case "ended":
        // of one that is ending the object says so once more
        if (frame.failure !== null && subscription.ending) return
        return this.end(frame.sub, endOf(subscription.source, frame.failure))
      case "drained":
        subscription.credit.stop()
        // it was told twice where it had to be put to its object anew
        if (subscription.begun !== null && !subscription.ending) this.#outflow.reply(drainedFrame(frame.sub))
        return
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
    releaseResumed(subscription)
    subscription.link?.subscriptions.delete(sub)
    const refused = failure !== null && subscription.begun === null && !subscription.ending
    // its leases go back, and a reader goes on behind what it got
    this.#outflow.drop(subscription.credit)
    subscription.credit.end()
    this.#outflow.reply(refused ? errorFrame(failure, { ref: null, sub }) : unsubscribedFrame(sub, failure))
    const owner = subscription.source.kind === "partition" ? subscription.source.owner : null
    if (failure?.code === "fenced" && owner !== null) this.#host.turnedAway(owner.group, owner.memberId)
  }

  #shareBegun(subscription: Subscription, frame: Extract<SubscriptionFrame, { type: "share-subscribed" }>): void {
    const { sub, source } = subscription
    if (source.kind !== "share") return
    const { incarnation, stateId, stateGeneration } = frame
    const { partition } = source
    subscription.begun = { kind: "share", source: { incarnation, partition, stateId, stateGeneration } }
    releaseResumed(subscription)
    const token = { incarnation, stateId, stateGeneration }
    this.#outflow.reply(subscribedFrame(sub, resumable(subscription, token, frame)))
  }

  #deliver({ credit }: Subscription, { frame, batch, messages, bytes }: Delivered): void {
    credit.delivered(messages, bytes)
    this.#outflow.deliver({ frame, batch, bytes, owner: credit })
  }
}

/** How a subscription of a queue or a reader of a partition has begun. */
function plainBegun(subscription: Subscription, frame: Extract<SubscriptionFrame, { type: "subscribed" }>): string {
  const { sub, source } = subscription
  if (source.kind !== "queue") return subscribedFrame(sub, { nextOffset: frame.nextOffset ?? 0 })
  const token = { incarnation: frame.incarnation, stateId: 0, stateGeneration: 0 }
  return subscribedFrame(sub, resumable(subscription, token, frame))
}

function releaseResumed(subscription: Subscription): void {
  subscription.resuming?.release()
  subscription.resuming = null
}

/** By what a subscription with leases may be resumed, and what it took over where it was. */
function resumable(
  { isResumed }: Subscription,
  token: Omit<ResumeToken, "consumer">,
  { consumer, held }: { readonly consumer?: number; readonly held?: number },
): { readonly resume?: string; readonly held?: number } {
  const taken = isResumed ? { held: held ?? 0 } : {}
  return consumer === undefined ? taken : { resume: formatResumeToken({ ...token, consumer }), ...taken }
}

/** Deliveries with their receipts, from a queue or a partition's share group. */
function deliveredOf(subscription: Subscription, blob: Uint8Array): Delivered {
  const { sub, begun, source } = subscription
  if (begun?.kind === "share") return deliverShare(sub, begun.source, blob, formOf(subscription))
  return deliverMessages(sub, begun?.incarnation ?? 0, blob, source.binary)
}

function formOf({ timestamp, source }: Subscription): DeliveredForm {
  return { timestamp, binary: source.binary }
}

/** A partition that has forgotten a group, and then its memory, knows it by no name. */
function endOf(source: Source, failure: Failure | null): Failure | null {
  if (source.kind !== "share" || failure?.code !== "share_not_open") return failure
  return { code: "not_found", resource: "group", name: source.group }
}
