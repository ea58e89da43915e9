import type { Settle } from "../checkers/history.ts"
import { codeOf, resultsOf, type Call, type Result } from "./door.ts"
import type { Habit } from "./habits.ts"
import type { Stage } from "./stage.ts"

/** Where receipts are settled. */
export interface SettlePlace {
  /** As the history calls it. */
  readonly queue: string
  readonly path: string
  readonly leaseField: "visibilityTimeoutMs" | "lockDurationMs"
}

/** A delivery and what is to become of it. */
export interface Habitual {
  readonly receipt: string
  readonly habit: Habit
}

/** Settles over HTTP, in batches; asks once. */
export class Settler {
  readonly #stage: Stage
  readonly #place: SettlePlace
  readonly #client: string

  constructor(stage: Stage, place: SettlePlace, client: string) {
    this.#stage = stage
    this.#place = place
    this.#client = client
  }

  async ack(receipts: readonly string[]): Promise<void> {
    await this.#settle(
      "ack",
      { receipts },
      receipts.map((receipt) => ({ kind: "ack", receipt, ms: 0 })),
    )
  }

  /** Gives back, or rejects. */
  async nack(all: readonly Habitual[]): Promise<void> {
    const entries = all.map(({ receipt, habit }) =>
      habit.kind === "nack" ? { receipt, delayMs: habit.delayMs } : { receipt, reject: true },
    )
    await this.#settle(
      "nack",
      { entries },
      all.map(({ receipt, habit }) =>
        habit.kind === "nack" ? { kind: "nack", receipt, ms: habit.delayMs } : { kind: "reject", receipt, ms: 0 },
      ),
    )
  }

  async extendThenAck(all: readonly Habitual[]): Promise<void> {
    const durations = all.flatMap(({ receipt, habit }) =>
      habit.kind === "extend" ? [{ receipt, ms: habit.durationMs }] : [],
    )
    const entries = durations.map(({ receipt, ms }) => ({ receipt, [this.#place.leaseField]: ms }))
    await this.#settle(
      "extend",
      { entries },
      durations.map((one) => ({ kind: "extend", ...one })),
    )
    await this.ack(durations.map(({ receipt }) => receipt))
  }

  async #settle(
    verb: "ack" | "nack" | "extend",
    body: object,
    said: readonly Pick<Settle, "kind" | "receipt" | "ms">[],
  ): Promise<void> {
    if (said.length === 0) return
    const { queue, path } = this.#place
    const call = await this.#stage.door.post(verb, `${path}/${verb}`, body, said.length)
    const { calledAt, answeredAt } = call
    const results = resultsOf(call, "results")
    this.#stage.recorder.add(
      ...said.map((one, index) => ({
        ...one,
        client: this.#client,
        queue,
        calledAt,
        answeredAt,
        result: results && outcomeOf(results[index], call),
      })),
    )
  }
}

function outcomeOf(result: Result | undefined, { answer }: Call): string {
  return result?.ok ? "ok" : (result?.problem?.code ?? codeOf(answer!))
}
