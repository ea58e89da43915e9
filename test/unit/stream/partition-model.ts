import { expect } from "vitest"
import { PRODUCER_IDLE_MS, REMEMBERED_BATCHES } from "../../../src/core/limits.ts"
import type { ProducerBatch } from "../../../src/core/producers/producer-state.ts"
import type { AppendReply, AppendTerms } from "../../../src/core/stream/commands.ts"
import type { Failure } from "../../../src/core/errors.ts"
import type { Result } from "../../../src/core/result.ts"
import type { TopicSettings } from "../../../src/core/stream/settings.ts"
import type { Placed } from "./compaction-scene.ts"

/** A record that was appended, with the broker's time. */
export interface Logged extends Placed {
  readonly appendedAt: number
}

/** What a producer has had stored, and not been idle too long to be known. */
interface Known {
  readonly epoch: number
  readonly lastAt: number
  readonly nextSequence: number
  readonly batches: readonly { readonly sequence: number; readonly count: number; readonly baseOffset: number }[]
}

/** A partition as an array that keeps everything, and where the log begins: what a partition must answer. */
export class PartitionModel {
  readonly records: readonly Logged[]
  readonly startOffset: number
  readonly #producers: ReadonlyMap<number, Known>

  constructor(
    records: readonly Logged[] = [],
    startOffset = 0,
    producers: ReadonlyMap<number, Known> = new Map<number, Known>(),
  ) {
    this.records = records
    this.startOffset = startOffset
    this.#producers = producers
  }

  get endOffset(): number {
    return this.records.length
  }

  get lastAppendedAt(): number {
    return this.records.at(-1)?.appendedAt ?? 0
  }

  /** The first sequence that producer `producerId` has not had stored; where it is not known, 0. */
  nextSequence(producerId: number): number {
    return this.#producers.get(producerId)?.nextSequence ?? 0
  }

  epochOf(producerId: number): number {
    return this.#producers.get(producerId)?.epoch ?? 0
  }

  /** With the log starting at `offset`, and without the producers that were idle too long. */
  after(startOffset: number, now: number): PartitionModel {
    const known = [...this.#producers].filter(([, { lastAt }]) => lastAt + PRODUCER_IDLE_MS > now)
    return new PartitionModel(this.records, startOffset, new Map(known))
  }

  trimmed(offset: number): PartitionModel {
    return new PartitionModel(this.records, Math.max(this.startOffset, offset), this.#producers)
  }

  /** What an append answers, and what there is after it. */
  append(
    records: readonly Omit<Placed, "offset">[],
    terms: AppendTerms | null,
    now: number,
  ): { readonly answer: Result<Omit<AppendReply, "appendedAt">, Failure>; readonly model: PartitionModel } {
    const producer = terms?.producer ?? null
    const known = producer && this.#repeated(producer, records.length, now)
    if (known) return { answer: known, model: this }
    const baseOffset = this.endOffset
    if ((terms?.expectedOffset ?? baseOffset) !== baseOffset) {
      return { answer: { ok: false, error: { code: "offset_mismatch", endOffset: baseOffset } }, model: this }
    }
    const appendedAt = Math.max(this.lastAppendedAt, now)
    const added = records.map((record, index): Logged => ({ ...record, offset: baseOffset + index, appendedAt }))
    const producers = producer ? this.#noted(producer, records.length, baseOffset, now) : this.#producers
    const model = new PartitionModel([...this.records, ...added], this.startOffset, producers)
    return { answer: { ok: true, value: { baseOffset, repeated: false } }, model }
  }

  /** The answer to a producer's batch that is not the next one. */
  #repeated(
    { producerId, epoch, sequence }: ProducerBatch,
    count: number,
    now: number,
  ): Result<Omit<AppendReply, "appendedAt">, Failure> | null {
    const stored = this.#producers.get(producerId)
    const known = stored && stored.lastAt + PRODUCER_IDLE_MS > now ? stored : null
    if (known && epoch < known.epoch) return { ok: false, error: { code: "fenced", epoch: known.epoch } }
    const expectedSequence = known?.epoch === epoch ? known.nextSequence : 0
    if (sequence === expectedSequence) return null
    if (!known || sequence + count > expectedSequence)
      return { ok: false, error: { code: "sequence_gap", expectedSequence } }
    const holder = known.batches.find((batch) => {
      return batch.sequence <= sequence && sequence + count <= batch.sequence + batch.count
    })
    const baseOffset = holder ? holder.baseOffset + sequence - holder.sequence : null
    return { ok: true, value: { baseOffset, repeated: true } }
  }

  #noted(
    { producerId, epoch, sequence }: ProducerBatch,
    count: number,
    baseOffset: number,
    now: number,
  ): ReadonlyMap<number, Known> {
    const before = this.#producers.get(producerId)
    const follows = before?.epoch === epoch && before.nextSequence === sequence
    const batches = [...(follows ? before.batches : []), { sequence, count, baseOffset }].slice(-REMEMBERED_BATCHES)
    const noted: Known = { epoch, lastAt: now, nextSequence: sequence + count, batches }
    return new Map([...this.#producers, [producerId, noted]])
  }
}

/** A partition as it was before a commit, and how much the commit appended. */
export interface Before {
  readonly rows: readonly { readonly baseOffset: number; readonly bytes: number }[]
  /** What could be read. */
  readonly readable: readonly Placed[]
  readonly appendedBytes: number
}

/** The log start of `model` may only move to `startOffset` where all that it passes is too old, or the rest large enough. */
export function expectAllowedStart(
  model: PartitionModel,
  startOffset: number,
  { cleanup, retentionMs, retentionBytes }: TopicSettings,
  now: number,
  { rows, readable, appendedBytes }: Before,
): void {
  expect(startOffset).toBeGreaterThanOrEqual(model.startOffset)
  if (startOffset === model.startOffset) return
  expect(cleanup, "only what is to be deleted moves the start").not.toBe("compact")
  const passed = readable.filter(({ offset }) => offset >= model.startOffset && offset < startOffset)
  const isOld = passed.every(({ offset }) => {
    return retentionMs !== null && model.records[offset]!.appendedAt + retentionMs <= now
  })
  if (isOld) return
  const leftBytes = rows.reduce((sum, row) => sum + (row.baseOffset >= startOffset ? row.bytes : 0), appendedBytes)
  expect(retentionBytes, `unexpired records before ${startOffset} went`).not.toBeNull()
  expect(leftBytes).toBeGreaterThanOrEqual(retentionBytes!)
}
