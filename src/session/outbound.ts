import type { LogRecord } from "../core/log/types.ts"
import { SubmissionWriter } from "../core/log/submission.ts"
import type { ProducerBatch } from "../core/producers/producer-state.ts"
import type { AppendTerms } from "../core/stream/commands.ts"
import type { TermsByPlace } from "../protocol/native/deduplication.ts"
import { addRecords, encodeRecords } from "../protocol/native/submissions.ts"
import { encodeFrames, type ToObject } from "../protocol/internal/frames.ts"

interface Publishing {
  readonly type: "publish"
  readonly refs: number[]
  readonly counts: number[]
  readonly partitions?: number
}

interface Entry {
  readonly operation: ToObject
  /** What makes the operation's blob, or that itself; null for none. */
  readonly blob: SubmissionWriter | Uint8Array | null
}

const text = new TextEncoder()

/** What one object is told in one frame, in the order in which the client said it. */
export class OutboundBatch {
  #entries: Entry[] = []
  /** The publish at the end of the batch, which the next one joins: one commit, one row. */
  #publishing: { readonly operation: Publishing; readonly writer: SubmissionWriter } | null = null

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /**
   * Publishes `records` to a queue, with `terms` by place among them; the answer will name `ref`. With a `producer`,
   * whose sequence is of one publish, no other joins it.
   */
  publish(ref: number, records: readonly LogRecord[], terms: TermsByPlace, producer: ProducerBatch | null): void {
    if (producer === null) this.#join(ref, records, terms, {})
    else this.#publishAlone(ref, records, terms, { terms: { producer, expectedOffset: null } })
  }

  /**
   * Publishes `records` to a partition, routed by a number of `partitions`; with `terms`, which are of one publish, no
   * other joins it.
   */
  append(ref: number, records: readonly LogRecord[], terms: AppendTerms | null, partitions: number): void {
    if (terms === null) this.#join(ref, records, null, { partitions })
    else this.#publishAlone(ref, records, null, { terms, partitions })
  }

  /** Anything else. */
  add(operation: Exclude<ToObject, { type: "publish" }>): void {
    this.#publishing = null
    this.#entries.push({ operation, blob: null })
  }

  /** The frame that says it all; the batch is empty afterwards. */
  take(): Uint8Array {
    const entries = this.#entries
    this.#entries = []
    this.#publishing = null
    return encodeFrames(
      entries.map(({ operation, blob }) => {
        if (blob === null) return { operation }
        return { operation, blob: blob instanceof SubmissionWriter ? blob.finish() : blob }
      }),
      text,
    )
  }

  #publishAlone(
    ref: number,
    records: readonly LogRecord[],
    byPlace: TermsByPlace,
    rest: Pick<Extract<ToObject, { type: "publish" }>, "terms" | "partitions">,
  ): void {
    this.#publishing = null
    const operation: ToObject = { type: "publish", refs: [ref], counts: [records.length], ...rest }
    this.#entries.push({ operation, blob: encodeRecords(records, byPlace) })
  }

  #join(
    ref: number,
    records: readonly LogRecord[],
    terms: TermsByPlace,
    routing: Pick<Publishing, "partitions">,
  ): void {
    if (this.#publishing?.operation.partitions !== routing.partitions) this.#publishing = null
    const { operation, writer } = (this.#publishing ??= this.#beginPublish(routing))
    operation.refs.push(ref)
    operation.counts.push(records.length)
    addRecords(writer, records, terms)
  }

  #beginPublish(routing: Pick<Publishing, "partitions">): { operation: Publishing; writer: SubmissionWriter } {
    const begun = {
      operation: { type: "publish", refs: [], counts: [], ...routing } satisfies Publishing,
      writer: new SubmissionWriter(),
    }
    this.#entries.push({ operation: begun.operation, blob: begun.writer })
    return begun
  }
}
