import type { Failure } from "../core/errors.ts"
import type { SettleReply, Settlement } from "../core/queue/commands.ts"
import { type ParsedSettlement, settleable, settleResultsJson } from "../protocol/native/settlements.ts"
import type { Answer } from "./answers.ts"
import type { SettlePart } from "./object-link.ts"
import { errorFrame, settledFrame } from "./server-frames.ts"

/** Receipts on their way to their queue. */
export class PendingSettle implements SettlePart<SettleReply> {
  readonly #ref: number
  readonly #parsed: readonly ParsedSettlement[]
  readonly #answer: Answer

  constructor(ref: number, parsed: readonly ParsedSettlement[], answer: Answer) {
    this.#ref = ref
    this.#parsed = parsed
    this.#answer = answer
  }

  /** What the object is asked to do; what can't be a receipt never gets there. */
  get settlements(): readonly Settlement[] {
    return settleable(this.#parsed)
  }

  settled(reply: SettleReply): void {
    this.#answer(settledFrame(this.#ref, settleResultsJson(this.#parsed, reply)))
  }

  failed(failure: Failure): void {
    this.#answer(errorFrame(failure, { ref: this.#ref, sub: null }))
  }
}
