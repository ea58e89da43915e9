import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { Answers } from "./answers.ts"
import type { FrameOf } from "./client-frame.ts"
import { parseQueueReceipts, parseShareReceipts } from "./client-requests.ts"
import { shareTerms } from "./group-kind.ts"
import type { Links } from "./links.ts"
import type { About } from "./server-frames.ts"
import { PendingSettle } from "./settles.ts"
import { PendingShareSettle, type SharePart } from "./share-settles.ts"
import type { Subscriber } from "./subscriber.ts"
import type { Subscriptions } from "./subscriptions.ts"

type Settling<Type extends "settle-queue" | "settle-share"> = Omit<FrameOf<Type>, "type">

/** Carries out what a client says of messages and records that were delivered to it. */
export class Settler {
  readonly #subscriptions: Subscriptions
  readonly #subscriber: Subscriber
  readonly #links: Links
  readonly #answers: Answers

  constructor(subscriptions: Subscriptions, subscriber: Subscriber, links: Links, answers: Answers) {
    this.#subscriptions = subscriptions
    this.#subscriber = subscriber
    this.#links = links
    this.#answers = answers
  }

  /** Receipts of what a subscription is of. */
  subscribed({ ref, sub, kind, value }: FrameOf<"settle-subscribed">, characters: number): void {
    const found = this.#subscriptions.find(sub)
    if (!found.ok) return this.#refuse(found.error, { ref, sub: null })
    const { source } = found.value
    switch (source.kind) {
      case "partition": {
        const { error } = invalidField("/sub", "is the number of a subscription without receipts")
        return this.#refuse(error, { ref, sub: null })
      }
      case "queue": {
        const settlements = parseQueueReceipts(kind, value)
        if (!settlements.ok) return this.#refuse(settlements.error, { ref, sub })
        const taken = this.queue({ ref, queue: source.queue, settlements: settlements.value }, characters)
        return taken ? this.#subscriber.renew(found.value) : undefined
      }
      case "share": {
        const settlements = parseShareReceipts(kind, value)
        if (!settlements.ok) return this.#refuse(settlements.error, { ref, sub })
        const { topic, group } = source
        const taken = this.share({ ref, topic, group, settlements: settlements.value }, characters)
        return taken ? this.#subscriber.renew(found.value) : undefined
      }
    }
  }

  /** Receipts of a queue. False where too much waits for its answers already. */
  queue({ ref, queue, settlements }: Settling<"settle-queue">, characters: number): boolean {
    const answer = this.#answers.expect({ ref, sub: null }, characters, settlements.length)
    if (answer === null) return false
    const pending = new PendingSettle(ref, settlements, answer)
    if (pending.settlements.length === 0) pending.settled([])
    else {
      this.#links.queue(queue).run((entry) => {
        const link = entry.ok ? this.#links.toQueue(entry.value) : entry
        if (link.ok) link.value.settle(pending.settlements, pending)
        else pending.failed(link.error)
      })
    }
    return true
  }

  /** Receipts of a share group, each of which names its partition. False as above. */
  share({ ref, topic, group, settlements }: Settling<"settle-share">, characters: number): boolean {
    const answer = this.#answers.expect({ ref, sub: null }, characters, settlements.length)
    if (answer === null) return false
    const pending = new PendingShareSettle(ref, settlements, answer)
    if (pending.isAnswered) return true
    this.#links.groupOfKind(group, "share", (entry) => {
      if (entry.ok) this.#settleRecords(topic, entry.value, pending)
      else pending.refused(entry.error)
    })
    return true
  }

  #settleRecords(topic: string, group: CatalogEntry<GroupSettings>, pending: PendingShareSettle): void {
    this.#links.withPartitions(topic, pending.partitions, (entry) => {
      if (!entry.ok) return pending.refused(entry.error)
      for (const part of pending.parts(entry.value.settings.partitions)) this.#settlePart(entry.value, group, part)
    })
  }

  /** Settles what goes to one partition; where the group has not begun there, what was known of it may be too old. */
  #settlePart(topic: CatalogEntry<TopicSettings>, group: CatalogEntry<GroupSettings>, part: SharePart): void {
    const link = this.#links.toPartition(topic, part.partition)
    if (!link.ok) return part.failed(link.error)
    const failed = (failure: Failure): void => {
      if (failure.code !== "share_not_open") return part.failed(failure)
      this.#links.group(group.name).outdated()
      this.#links.groupOfKind(group.name, "share", (entry) => {
        if (!entry.ok) part.failed(entry.error)
        else if (entry.value.incarnation === group.incarnation) part.failed(failure)
        else this.#settlePart(topic, entry.value, part)
      })
    }
    link.value.settleShare(shareTerms(group), part.settlements, { settled: part.settled, failed })
  }

  #refuse(failure: Failure, about: About): void {
    this.#answers.refuse(failure, about)
  }
}
