import type { Failure } from "../core/errors.ts"
import type { Confirm } from "../protocol/internal/frames.ts"
import { recordResult } from "../protocol/native/append-results.ts"
import { sendResultsJson } from "../protocol/native/deliveries.ts"
import type { Answer } from "./answers.ts"
import { confirmFrame, errorFrame, problemJson } from "./server-frames.ts"

/** What was published to one object and waits for its answer: exactly one of these is called, once. */
export interface PublishPart {
  confirmed(incarnation: number, confirm: Confirm): void
  failed(failure: Failure): void
}

/** Queues have one shard for now. */
export const SHARD = 0

/** A publish to a queue. */
export class QueuePublish implements PublishPart {
  readonly #ref: number
  readonly #answer: Answer

  constructor(ref: number, answer: Answer) {
    this.#ref = ref
    this.#answer = answer
  }

  confirmed(incarnation: number, { results = [], repeatedCount = 0, failure }: Confirm): void {
    if (failure !== undefined) return this.failed(failure)
    this.#answer(confirmFrame(this.#ref, sendResultsJson(SHARD, { incarnation, results, repeatedCount })))
  }

  failed(failure: Failure): void {
    this.#answer(errorFrame(failure, { ref: this.#ref, sub: null }))
  }
}

/** A publish to a topic, which may go to several partitions and is answered when all have answered. */
export class TopicPublish {
  readonly #ref: number
  readonly #answer: Answer
  readonly #onSealed: () => void
  readonly #results: string[]
  #waiting: number
  #stored = false

  /** `records` of them go to `parts` partitions. `onSealed` is called where partitions were added meanwhile. */
  constructor(ref: number, records: number, parts: number, answer: Answer, onSealed: () => void) {
    this.#ref = ref
    this.#answer = answer
    this.#onSealed = onSealed
    this.#results = Array.from<string>({ length: records }).fill("null")
    this.#waiting = parts
  }

  /** The records that go to `partition`; `places` are their positions in the publish. */
  part(partition: number, places: readonly number[]): PublishPart {
    return {
      confirmed: (_incarnation, { baseOffset = 0, repeated = false, failure }) => {
        if (failure !== undefined) return this.#failed(places, failure)
        this.#stored = true
        const resultOf = recordResult(partition, { baseOffset, repeated })
        for (const [nth, place] of places.entries()) this.#results[place] = resultOf(nth)
        this.#answered(null)
      },
      failed: (failure) => this.#failed(places, failure),
    }
  }

  #failed(places: readonly number[], failure: Failure): void {
    if (failure.code === "partition_sealed") this.#onSealed()
    const result = `{"problem":${problemJson(failure)}}`
    for (const place of places) this.#results[place] = result
    this.#answered(failure)
  }

  #answered(failure: Failure | null): void {
    this.#waiting -= 1
    if (this.#waiting > 0) return
    const refused = failure !== null && !this.#stored
    const { length } = this.#results
    if (refused && length > 0) return this.#answer(errorFrame(failure, { ref: this.#ref, sub: null }))
    this.#answer(confirmFrame(this.#ref, `[${this.#results.join(",")}]`))
  }
}
