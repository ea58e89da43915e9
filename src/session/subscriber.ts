import type { Failure } from "../core/errors.ts"
import type { Result } from "../core/result.ts"
import type { ToObject } from "../protocol/internal/frames.ts"
import type { FrameOf } from "./client-frame.ts"
import type { Links } from "./links.ts"
import type { ObjectLink } from "./object-link.ts"
import { errorFrame } from "./server-frames.ts"
import type { Source, Subscription, Subscriptions } from "./subscriptions.ts"

type SubscriptionOperation = Extract<ToObject, { readonly sub: number }>

/** Carries out what a client asks for its subscriptions, at the objects that they are of. */
export class Subscriber {
  readonly #subscriptions: Subscriptions
  readonly #links: Links
  readonly #reply: (frame: string) => void

  constructor(subscriptions: Subscriptions, links: Links, reply: (frame: string) => void) {
    this.#subscriptions = subscriptions
    this.#links = links
    this.#reply = reply
  }

  subscribe(frame: FrameOf<"subscribe-queue" | "subscribe-partition">): void {
    const { sub, grant } = frame
    const added = this.#subscriptions.add(sub, sourceOf(frame), grant)
    if (!added.ok) return this.#refuse(sub, added.error)
    const subscription = added.value
    this.#reach(subscription, (link) => {
      if (!link.ok) return this.#subscriptions.end(sub, link.error)
      subscription.link = link.value
      link.value.subscriptions.add(sub)
      link.value.send(subscribeOperation(subscription))
    })
  }

  grant({ sub, grant }: FrameOf<"credit">): void {
    const subscription = this.#subscriptions.find(sub)
    if (!subscription.ok) return this.#refuse(sub, subscription.error)
    const granted = subscription.value.credit.grant(grant)
    if (granted.ok) this.#sendCredit(subscription.value)
    else this.#refuse(sub, granted.error)
  }

  /** The client has shown that it reads what it is sent. */
  renew(subscription: Subscription): void {
    if (subscription.credit.renew()) this.#sendCredit(subscription)
  }

  unsubscribe({ sub }: FrameOf<"unsubscribe">): void {
    const subscription = this.#subscriptions.find(sub)
    if (!subscription.ok) return this.#refuse(sub, subscription.error)
    subscription.value.ending = true
    this.#send(subscription.value, { type: "unsubscribe", sub })
  }

  #sendCredit(subscription: Subscription): void {
    const { sub, credit } = subscription
    const { grantedMessages, grantedBytes } = credit
    this.#send(subscription, { type: "credit", sub, grantedMessages, grantedBytes })
  }

  /** Says something behind all that was said before, such as the `subscribe` that may still wait for settings. */
  #send(subscription: Subscription, operation: SubscriptionOperation): void {
    const { source } = subscription
    const target = source.kind === "queue" ? this.#links.queue(source.queue) : this.#links.topic(source.topic)
    target.runInOrder(() => subscription.link?.send(operation))
  }

  #reach(subscription: Subscription, step: (link: Result<ObjectLink, Failure>) => void): void {
    const { source } = subscription
    if (source.kind === "queue") {
      this.#links.queue(source.queue).run((entry) => step(entry.ok ? this.#links.toQueue(entry.value) : entry))
      return
    }
    const { topic, partition } = source
    this.#links.topic(topic).run((entry) => {
      if (!entry.ok) return step(entry)
      subscription.timestamp = entry.value.settings.timestamp
      if (partition < entry.value.settings.partitions) return step(this.#links.toPartition(entry.value, partition))
      step({ ok: false, error: { code: "not_found", resource: "partition", name: `${topic}/${partition}` } })
    })
  }

  #refuse(sub: number, failure: Failure): void {
    this.#reply(errorFrame(failure, { ref: null, sub }))
  }
}

function sourceOf(frame: FrameOf<"subscribe-queue" | "subscribe-partition">): Source {
  switch (frame.type) {
    case "subscribe-queue":
      return { kind: "queue", queue: frame.queue, visibilityTimeoutMs: frame.visibilityTimeoutMs }
    case "subscribe-partition":
      return { kind: "partition", topic: frame.topic, partition: frame.partition, from: frame.from }
  }
}

function subscribeOperation({ sub, source, credit }: Subscription): SubscriptionOperation {
  const { grantedMessages, grantedBytes } = credit
  switch (source.kind) {
    case "queue": {
      const { visibilityTimeoutMs } = source
      const credit = { grantedMessages, grantedBytes }
      return { type: "subscribe-queue", sub, visibilityTimeoutMs, ...credit, detached: false, attemptId: null }
    }
    case "partition":
      return { type: "subscribe-partition", sub, from: source.from, grantedMessages, grantedBytes }
  }
}
