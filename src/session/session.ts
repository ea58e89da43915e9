import type { Failure } from "../core/errors.ts"
import { MAX_UNANSWERED_BYTES, UNANSWERED_FRAME_BYTES } from "../core/limits.ts"
import { invalidField } from "../protocol/native/fields.ts"
import { type ContentIds, contentIds, needsContentIds, termsForObject } from "../protocol/native/deduplication.ts"
import { routeRequest } from "../protocol/native/append-rules.ts"
import { checkSend } from "../protocol/native/send-rules.ts"
import type { FrameOf } from "./client-frame.ts"
import { type ParsedFrame, parseClientText } from "./client-frames.ts"
import { Links } from "./links.ts"
import { type ClientPort, RETRY_AFTER_MS, type SessionContext } from "./ports.ts"
import { type Answer, QueuePublish, TopicPublish } from "./publishes.ts"
import { errorFrame, joinFrames, PONG_FRAME } from "./server-frames.ts"
import { PendingSettle } from "./settles.ts"
import { Subscriber } from "./subscriber.ts"
import { Subscriptions } from "./subscriptions.ts"

/** A client's socket, from its first frame to its last: what arrives is sorted by object, what objects say is joined. */
export class Session {
  readonly #client: ClientPort
  readonly #subscriptions: Subscriptions
  readonly #links: Links
  readonly #subscriber: Subscriber
  /** Picks the partition of records without a key: one per topic, so that they make one batch. */
  readonly #luck = Math.random()
  #replies: string[] = []
  #unansweredBytes = 0
  #closed = false

  constructor(client: ClientPort, context: SessionContext) {
    this.#client = client
    const reply = (frame: string): void => this.#reply(frame)
    this.#subscriptions = new Subscriptions(reply)
    this.#links = new Links(context, {
      subscriptionSaid: (frame, blob) => this.#subscriptions.said(frame, blob),
      subscriptionFailed: (sub, failure) => this.#subscriptions.end(sub, failure),
    })
    this.#subscriber = new Subscriber(this.#subscriptions, this.#links, reply)
  }

  /** A text message came from the client. */
  receive(text: string): void {
    for (const parsed of parseClientText(text)) this.#receiveFrame(parsed)
  }

  /** Refuses a message that can't be read at all. */
  refuse(failure: Failure): void {
    this.#reply(errorFrame(failure, { ref: null, sub: null }))
  }

  /** The client is gone: with a goodbye its leases go back at once, without after a grace. */
  close(goodbye: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#links.close(goodbye)
  }

  #receiveFrame(parsed: ParsedFrame): void {
    if (!parsed.ok) return this.#reply(errorFrame(parsed.error.failure, parsed.error.about))
    const { frame, characters } = parsed.value
    switch (frame.type) {
      case "publish-messages":
        return this.#publishMessages(frame, characters)
      case "publish-records":
        return this.#publishRecords(frame, characters)
      case "settle":
        return this.#settle(frame, characters)
      case "subscribe-queue":
      case "subscribe-partition":
        return this.#subscriber.subscribe(frame)
      case "credit":
        return this.#subscriber.grant(frame)
      case "unsubscribe":
        return this.#subscriber.unsubscribe(frame)
      case "ping":
        return this.#reply(PONG_FRAME)
    }
  }

  #publishMessages({ ref, queue, messages }: FrameOf<"publish-messages">, characters: number): void {
    const answer = this.#awaitAnswer(ref, characters)
    if (answer === null) return
    const pending = new QueuePublish(ref, answer)
    this.#links.queue(queue).run((entry) => {
      if (!entry.ok) return pending.failed(entry.error)
      const { settings } = entry.value
      const fits = checkSend({ single: false, ...messages }, settings)
      if (!fits.ok) return pending.failed(fits.error)
      const publish = (ids: ContentIds | null): void => {
        const link = this.#links.toQueue(entry.value)
        if (link.ok) link.value.publish(messages.records, termsForObject(messages, settings, ids), pending)
        else pending.failed(link.error)
      }
      return needsContentIds(messages, settings) ? contentIds(messages).then(publish) : publish(null)
    })
  }

  #publishRecords({ ref, topic, records, terms }: FrameOf<"publish-records">, characters: number): void {
    const answer = this.#awaitAnswer(ref, characters)
    if (answer === null) return
    const refuse = (failure: Failure): void => answer(errorFrame(failure, { ref, sub: null }))
    this.#links.topic(topic).run((entry) => {
      if (!entry.ok) return refuse(entry.error)
      const batches = routeRequest({ single: false, records, terms }, entry.value.settings, this.#luck)
      if (!batches.ok) return refuse(batches.error)
      const pending = new TopicPublish(ref, records.length, batches.value.length, answer)
      for (const { partition, records: some, places } of batches.value) {
        const part = pending.part(partition, places)
        const link = this.#links.toPartition(entry.value, partition)
        if (link.ok) link.value.append(some, terms, part)
        else part.failed(link.error)
      }
    })
  }

  #settle({ ref, queue, settlements }: FrameOf<"settle">, characters: number): void {
    const subscription = typeof queue === "number" ? this.#subscriptions.find(queue) : null
    if (subscription?.ok === false) return this.#reply(errorFrame(subscription.error, { ref, sub: null }))
    const source = subscription?.value.source ?? null
    if (source?.kind === "partition") {
      const { error } = invalidField("/sub", "is the number of a subscription without receipts")
      return this.#reply(errorFrame(error, { ref, sub: null }))
    }
    const answer = this.#awaitAnswer(ref, characters)
    if (answer === null) return
    const pending = new PendingSettle(ref, settlements, answer)
    if (pending.settlements.length === 0) return pending.settled([])
    this.#links.queue(source?.queue ?? String(queue)).run((entry) => {
      const link = entry.ok ? this.#links.toQueue(entry.value) : entry
      if (link.ok) link.value.settle(pending)
      else pending.failed(link.error)
    })
    if (subscription !== null) this.#subscriber.renew(subscription.value)
  }

  /** What sends the frame's one answer, or null where too much waits for its answers already; then it is refused. */
  #awaitAnswer(ref: number, characters: number): Answer | null {
    const bytes = characters + UNANSWERED_FRAME_BYTES
    if (this.#unansweredBytes + bytes > MAX_UNANSWERED_BYTES) {
      this.#reply(errorFrame({ code: "overloaded", retryAfterMs: RETRY_AFTER_MS }, { ref, sub: null }))
      return null
    }
    this.#unansweredBytes += bytes
    return (frame) => {
      this.#unansweredBytes -= bytes
      this.#reply(frame)
    }
  }

  /** Sends a frame, with all others of the same event as one message. */
  #reply(frame: string): void {
    if (this.#replies.push(frame) === 1) queueMicrotask(() => this.#flushReplies())
  }

  #flushReplies(): void {
    const replies = this.#replies
    this.#replies = []
    if (!this.#closed) this.#client.send(joinFrames(replies))
  }
}
