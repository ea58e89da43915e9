import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { Answers } from "./answers.ts"
import type { FrameOf } from "./client-frame.ts"
import type { Links } from "./links.ts"
import type { ObjectLink } from "./object-link.ts"
import { openShare, SHARE_OPEN_ATTEMPTS } from "./open-share.ts"
import type { SessionContext } from "./ports.ts"
import { groupOf, sourceOf, subscribeOperation, type SubscriptionOperation } from "./sources.ts"
import type { Subscription, Subscriptions } from "./subscriptions.ts"

/** Where a subscription's frames go, and its group where it has one. */
interface Reached {
  readonly link: ObjectLink
  readonly group: CatalogEntry<GroupSettings> | null
}

const DRAINED = invalidField("/sub", "is the number of a subscription that was drained")

/** Carries out what a client asks for its subscriptions, at the objects that they are of. */
export class Subscriber {
  readonly #subscriptions: Subscriptions
  readonly #links: Links
  readonly #context: SessionContext
  readonly #answers: Answers

  constructor(subscriptions: Subscriptions, links: Links, context: SessionContext, answers: Answers) {
    this.#subscriptions = subscriptions
    this.#links = links
    this.#context = context
    this.#answers = answers
  }

  subscribe(frame: FrameOf<"subscribe-queue" | "subscribe-partition" | "subscribe-share">, characters: number): void {
    const { sub, grant } = frame
    const leases = frame.type === "subscribe-partition" ? null : frame.resume
    const release = leases === null ? null : this.#answers.hold({ ref: null, sub }, characters)
    if (leases !== null && release === null) return
    const resuming = leases && release && { leases, release }
    const added = this.#subscriptions.add(sub, sourceOf(frame), grant, resuming)
    if (added.ok) return this.#begin(added.value)
    release?.()
    this.#refuse(sub, added.error)
  }

  grant({ sub, grant }: FrameOf<"credit">): void {
    const subscription = this.#subscriptions.find(sub)
    if (!subscription.ok) return this.#refuse(sub, subscription.error)
    if (subscription.value.draining) return this.#refuse(sub, DRAINED.error)
    const granted = subscription.value.credit.grant(grant)
    if (granted.ok) this.sendCredit(subscription.value)
    else this.#refuse(sub, granted.error)
  }

  /** The client has shown that it reads what it is sent. */
  renew(subscription: Subscription): void {
    if (subscription.credit.renew()) this.sendCredit(subscription)
  }

  /** Nothing more is to be delivered; leases stay. */
  drain({ sub }: FrameOf<"drain">): void {
    const subscription = this.#subscriptions.find(sub)
    if (!subscription.ok) return this.#refuse(sub, subscription.error)
    subscription.value.draining = true
    this.#send(subscription.value, { type: "drain", sub })
  }

  unsubscribe({ sub }: FrameOf<"unsubscribe">): void {
    const subscription = this.#subscriptions.find(sub)
    if (!subscription.ok) return this.#refuse(sub, subscription.error)
    subscription.value.ending = true
    this.#send(subscription.value, { type: "unsubscribe", sub })
  }

  /** Its object refused a subscription, which may have to do with what the Worker did not know. */
  refused(sub: number, failure: Failure): void {
    const subscription = this.#subscriptions.find(sub)
    // one that is ending is answered behind this
    if (!subscription.ok) return
    const { begun, source, attempts } = subscription.value
    if (begun !== null) return this.#subscriptions.end(sub, failure)
    if (failure.code === "share_not_open" && attempts < SHARE_OPEN_ATTEMPTS) return void this.#open(subscription.value)
    const group = groupOf(source)
    if (failure.code === "fenced" && group !== null) {
      // the group may have been created anew
      this.#links.group(group).outdated()
      return this.#begin(subscription.value, failure)
    }
    this.#subscriptions.end(sub, failure)
  }

  /** Tells the object of a subscription; `refusal` is how it answered before, and the answer where nothing is new. */
  #begin(subscription: Subscription, refusal: Failure | null = null): void {
    const { sub } = subscription
    this.#reach(subscription, (reached) => {
      if (!reached.ok) return this.#subscriptions.end(sub, reached.error)
      const { link, group } = reached.value
      const generation = group?.incarnation ?? 0
      if (refusal !== null && generation === subscription.generation) return this.#subscriptions.end(sub, refusal)
      subscription.link = link
      subscription.generation = generation
      subscription.attempts += 1
      link.subscriptions.add(sub)
      link.send(subscribeOperation(subscription, group))
      for (const operation of subscription.early.splice(0)) link.send(operation)
      // the object was told so when it had no such subscription
      if (subscription.draining && subscription.attempts > 1) link.send({ type: "drain", sub })
    })
  }

  /** Has a share group begin in a partition, then asks the partition again. */
  async #open(subscription: Subscription): Promise<void> {
    const { sub, source, attempts } = subscription
    if (source.kind !== "share") return
    const opened = await openShare(this.#context, source.group, source.topic, attempts)
    const current = this.#subscriptions.find(sub)
    if (!current.ok || current.value !== subscription) return
    // it may have been opened for a later life of the group
    this.#links.group(source.group).outdated()
    if (opened.ok) this.#begin(subscription)
    else this.#subscriptions.end(sub, opened.error)
  }

  /** Tells the object what it may deliver now. */
  sendCredit(subscription: Subscription): void {
    const { sub, credit, draining, ending } = subscription
    if (draining || ending) return
    const { grantedMessages, grantedBytes } = credit
    this.#send(subscription, { type: "credit", sub, grantedMessages, grantedBytes })
  }

  /** Says something behind all that was said before, such as the `subscribe` that may still wait for settings. */
  #send(subscription: Subscription, operation: SubscriptionOperation): void {
    const { source, early } = subscription
    const send = (): void => {
      if (subscription.link !== null) subscription.link.send(operation)
      // what is granted stands in the subscribe
      else if (operation.type !== "credit") early.push(operation)
    }
    if (source.kind === "queue") return this.#links.queue(source.queue).runInOrder(send)
    const group = groupOf(source)
    const topic = (): void => this.#links.topic(source.topic).runInOrder(send)
    if (group === null) topic()
    else this.#links.group(group).runInOrder(topic)
  }

  #reach(subscription: Subscription, step: (reached: Result<Reached, Failure>) => void): void {
    const { source } = subscription
    if (source.kind === "queue") {
      return this.#links.queue(source.queue).run((entry) => {
        const link = entry.ok ? this.#links.toQueue(entry.value) : entry
        step(link.ok ? ok({ link: link.value, group: null }) : link)
      })
    }
    const name = groupOf(source)
    if (name === null) return this.#reachPartition(subscription, source, null, step)
    this.#links.groupOfKind(name, source.kind === "share" ? "share" : "consumer", (group) => {
      if (group.ok) this.#reachPartition(subscription, source, group.value, step)
      else step(group)
    })
  }

  #reachPartition(
    subscription: Subscription,
    { topic, partition }: { readonly topic: string; readonly partition: number },
    group: CatalogEntry<GroupSettings> | null,
    step: (reached: Result<Reached, Failure>) => void,
  ): void {
    const missing: Failure = { code: "not_found", resource: "partition", name: `${topic}/${partition}` }
    this.#links.withPartitions(topic, partition + 1, (entry) => {
      if (!entry.ok) return step(entry)
      const { settings } = entry.value
      if (partition >= settings.partitions) return step(err(missing))
      subscription.timestamp = settings.timestamp
      const link = this.#links.toPartition(entry.value, partition)
      step(link.ok ? ok({ link: link.value, group }) : link)
    })
  }

  #refuse(sub: number, failure: Failure): void {
    this.#answers.refuse(failure, { ref: null, sub })
  }
}
