import type { Failure } from "../core/errors.ts"
import { type ContentIds, contentIds, needsContentIds, termsForObject } from "../protocol/native/deduplication.ts"
import { checkSend } from "../protocol/native/send-rules.ts"
import type { Answers } from "./answers.ts"
import type { FrameOf } from "./client-frame.ts"
import type { Links } from "./links.ts"
import { QueuePublish, TopicPublish } from "./publishes.ts"
import { partitionsNamed, routePublish } from "./route-publish.ts"
import { errorFrame } from "./server-frames.ts"

/** Carries out what a client publishes. */
export class Publisher {
  readonly #links: Links
  readonly #answers: Answers
  /** Picks the partition of records without a key: one per topic, so that they make one batch. */
  readonly #luck = Math.random()

  constructor(links: Links, answers: Answers) {
    this.#links = links
    this.#answers = answers
  }

  /** To a queue. */
  messages({ ref, queue, messages, place, producer }: FrameOf<"publish-messages">, characters: number): void {
    const answer = this.#answers.expect({ ref, sub: null }, characters, messages.records.length)
    if (answer === null) return
    const pending = new QueuePublish(ref, answer)
    this.#links.queue(queue).run((entry) => {
      if (!entry.ok) return pending.failed(entry.error)
      const { settings } = entry.value
      const fits = checkSend({ ...messages, single: false, place }, settings)
      if (!fits.ok) return pending.failed(fits.error)
      const publish = (ids: ContentIds | null): void => {
        const link = this.#links.toQueue(entry.value)
        if (link.ok) link.value.publish(messages.records, termsForObject(messages, settings, ids), producer, pending)
        else pending.failed(link.error)
      }
      return needsContentIds(messages, settings) ? contentIds(messages).then(publish) : publish(null)
    })
  }

  /** To the partitions of a topic. */
  records(frame: FrameOf<"publish-records">, characters: number): void {
    const { ref, topic, records, terms } = frame
    const answer = this.#answers.expect({ ref, sub: null }, characters, records.length)
    if (answer === null) return
    const refuse = (failure: Failure): void => answer(errorFrame(failure, { ref, sub: null }))
    this.#links.withPartitions(topic, partitionsNamed(frame), (entry) => {
      if (!entry.ok) return refuse(entry.error)
      const { settings } = entry.value
      const batches = routePublish(frame, settings, this.#luck)
      if (!batches.ok) return refuse(batches.error)
      // keys may have moved since the client chose: the partitions know
      const partitions = frame.partitions ?? settings.partitions
      const sealed = (): void => this.#links.topic(topic).outdated()
      const pending = new TopicPublish(ref, records.length, batches.value.length, answer, sealed)
      for (const { partition, records: some, places } of batches.value) {
        const part = pending.part(partition, places)
        const link = this.#links.toPartition(entry.value, partition)
        if (link.ok) link.value.append(some, terms, partitions, part)
        else part.failed(link.error)
      }
    })
  }
}
