import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { ShareOutcome, ShareSettlement } from "../core/stream/share/commands.ts"
import type { Answer } from "./answers.ts"
import { type ParsedShareSettlement, shareOutcomesJson } from "../protocol/native/share-settlements.ts"
import { errorFrame, settledFrame } from "./server-frames.ts"

/** Receipts that go to one partition. */
export interface SharePart {
  readonly partition: number
  readonly settlements: readonly ShareSettlement[]
  readonly settled: (outcomes: readonly ShareOutcome[]) => void
  readonly failed: (failure: Failure) => void
}

type Outcome = Result<ShareOutcome, Failure>

const NO_RECEIPT: Failure = { code: "invalid_receipt" }

/** Receipts of a share group on their way to their partitions, answered when all of these have answered. */
export class PendingShareSettle {
  readonly #ref: number
  readonly #parsed: readonly ParsedShareSettlement[]
  readonly #answer: Answer
  readonly #outcomes: Outcome[]
  #waiting = 0
  #hasOutcome = false
  #isAnswered = false

  constructor(ref: number, parsed: readonly ParsedShareSettlement[], answer: Answer) {
    this.#ref = ref
    this.#parsed = parsed
    this.#answer = answer
    this.#outcomes = parsed.map((entry) => err(entry.ok ? NO_RECEIPT : entry.error))
    if (!parsed.some((entry) => entry.ok)) this.#finish()
  }

  /** Whether nothing is left to ask: none of it can be a receipt. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** How many partitions the topic must have for all of it to be receipts. */
  get partitions(): number {
    return this.#parsed.reduce((most, entry) => (entry.ok ? Math.max(most, entry.value.receipt.shard + 1) : most), 0)
  }

  /** What to ask each of a topic's `partitions`. */
  parts(partitions: number): readonly SharePart[] {
    const places = new Map<number, number[]>()
    for (const [place, entry] of this.#parsed.entries()) {
      if (!entry.ok || entry.value.receipt.shard >= partitions) continue
      const { shard } = entry.value.receipt
      const known = places.get(shard)
      if (known === undefined) places.set(shard, [place])
      else known.push(place)
    }
    this.#waiting = places.size
    if (places.size === 0) this.#finish()
    return [...places].map(([partition, some]) => this.#part(partition, some))
  }

  /** Nothing was asked. */
  refused(failure: Failure): void {
    this.#isAnswered = true
    this.#answer(errorFrame(failure, { ref: this.#ref, sub: null }))
  }

  #part(partition: number, places: readonly number[]): SharePart {
    const settlements = places.flatMap((place) => {
      const entry = this.#parsed[place]!
      return entry.ok ? [entry.value] : []
    })
    return {
      partition,
      settlements,
      settled: (outcomes) => {
        for (const [nth, place] of places.entries()) this.#outcomes[place] = outcomeOf(outcomes[nth])
        this.#hasOutcome = true
        this.#partAnswered(null)
      },
      failed: (failure) => {
        // where the group never began, nothing was ever delivered
        if (failure.code === "share_not_open") this.#hasOutcome = true
        else for (const place of places) this.#outcomes[place] = err(failure)
        this.#partAnswered(failure)
      },
    }
  }

  #partAnswered(failure: Failure | null): void {
    this.#waiting -= 1
    if (this.#waiting > 0) return
    if (failure !== null && !this.#hasOutcome) this.refused(failure)
    else this.#finish()
  }

  #finish(): void {
    this.#isAnswered = true
    this.#answer(settledFrame(this.#ref, shareOutcomesJson(this.#parsed, this.#outcomes)))
  }
}

function outcomeOf(outcome: ShareOutcome | undefined): Outcome {
  return outcome === undefined ? err(NO_RECEIPT) : ok(outcome)
}
