import type { Failure } from "../core/errors.ts"
import { MAX_SUBSCRIPTIONS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import { invalidField } from "../protocol/native/fields.ts"
import { Credit, type Grant } from "./credit.ts"
import { type Delivered, deliverMessages, deliverRecords } from "./deliver.ts"
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
    }

/** One subscription of a client; its number is the client's. */
export interface Subscription {
  readonly sub: number
  readonly source: Source
  readonly credit: Credit
  /** Null until the settings of its queue or topic are known. */
  link: ObjectLink | null
  /** Life of the queue or topic, known once the subscription has begun. */
  incarnation: number | null
  /** Whose time a topic's records show, as its settings were when the subscription began. */
  timestamp: TopicSettings["timestamp"]
  /** The client has asked for its end. */
  ending: boolean
}

/** The subscriptions of one client socket. */
export class Subscriptions {
  readonly #bySub = new Map<number, Subscription>()
  readonly #reply: (frame: string) => void

  /** `reply` sends a frame to the client. */
  constructor(reply: (frame: string) => void) {
    this.#reply = reply
  }

  /** A new subscription with the credit that it begins with. */
  add(sub: number, source: Source, grant: Grant): Result<Subscription, Failure> {
    if (this.#bySub.has(sub)) return invalidField("/sub", "is the number of a subscription that has not ended")
    if (this.#bySub.size >= MAX_SUBSCRIPTIONS) {
      return err({ code: "invalid_request", detail: `at most ${MAX_SUBSCRIPTIONS} subscriptions on a socket` })
    }
    const credit = new Credit()
    const granted = credit.grant(grant)
    if (!granted.ok) return granted
    const subscription: Subscription = {
      sub,
      source,
      credit,
      link: null,
      incarnation: null,
      timestamp: "broker",
      ending: false,
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
    const incarnation = subscription.incarnation ?? 0
    switch (frame.type) {
      case "subscribed":
        subscription.incarnation = frame.incarnation
        return this.#reply(subscribedFrame(frame.sub, frame.nextOffset))
      case "deliver":
        return this.#deliver(subscription, deliverMessages(frame.sub, incarnation, blob))
      case "rows":
        return this.#deliver(subscription, deliverRecords(frame, blob, subscription.timestamp))
      case "ended":
        return this.end(frame.sub, frame.failure)
    }
  }

  /** Ends a subscription; one that never began was refused. */
  end(sub: number, failure: Failure | null): void {
    const subscription = this.#bySub.get(sub)
    if (subscription === undefined) return
    this.#bySub.delete(sub)
    subscription.link?.subscriptions.delete(sub)
    const refused = failure !== null && subscription.incarnation === null && !subscription.ending
    this.#reply(refused ? errorFrame(failure, { ref: null, sub }) : unsubscribedFrame(sub, failure))
  }

  #deliver({ credit }: Subscription, { frame, messages, bytes }: Delivered): void {
    credit.delivered(messages, bytes)
    this.#reply(frame)
  }
}
