import { MillraceError } from "../../../src/client/errors.ts"
import type { OutFrame, ServerFrame } from "../../../src/client/frames.ts"
import { parseMessageBatch } from "../../../src/protocol/native/wire-publish-decode.ts"
import type { Random } from "../../simulation/random.ts"

/** How often what goes wrong. */
export interface Faults {
  /** The socket breaks. */
  readonly breaks: number
  /** What was said on a socket that broke still arrives, at some time. */
  readonly ghosts: number
  /** Nothing is done: `overloaded`. */
  readonly overloaded: number
  /** `unavailable`, done or not. */
  readonly unavailable: number
}

export const NO_FAULTS: Faults = { breaks: 0, ghosts: 0, overloaded: 0, unavailable: 0 }

interface Call {
  readonly frame: OutFrame
  readonly values: readonly string[]
  readonly resolve: (answer: ServerFrame) => void
  readonly reject: (error: MillraceError) => void
}

interface Answered {
  readonly call: Call
  readonly answer: ServerFrame | MillraceError
}

/** One queue or partition as `docs/spec/socket.md` has it, and the sockets of one client. Every value is stored by its name. */
export class ModelBroker {
  readonly log: string[] = []
  readonly closing = new AbortController().signal
  sockets = 1
  faults = NO_FAULTS
  readonly #random: Random
  /** A partition refuses what is stored in part. */
  readonly #isPartition: boolean
  readonly #producers = new Map<number, { next: number; ids: Map<number, number> }>()
  #producerIds = 0
  /** Said and not answered, in order. */
  readonly #calls: Call[] = []
  /** Of these, how many the broker has seen. */
  #seen = 0
  #answers: Answered[] = []
  readonly #ghosts: Call[] = []

  constructor(random: Random, isPartition: boolean) {
    this.#random = random
    this.#isPartition = isPartition
  }

  get isQuiet(): boolean {
    return this.#calls.length + this.#answers.length + this.#ghosts.length === 0
  }

  get openProducer(): { producerId: number; epoch: number } {
    return { producerId: this.#producerIds++, epoch: 0 }
  }

  call(frame: OutFrame, { batch = null }: { batch?: Uint8Array | null }): Promise<ServerFrame> {
    const parsed = parseMessageBatch(batch!)
    if (!parsed.ok) throw new Error("a batch that can't be read")
    const values = parsed.value.records.map(({ value }) => new TextDecoder().decode(value))
    // as on a socket, where a frame says what it says when it is said
    const said = structuredClone(frame)
    return new Promise((resolve, reject) => this.#calls.push({ frame: said, values, resolve, reject }))
  }

  /** Something happens. */
  step(): void {
    const random = this.#random
    if (random.chance(this.faults.breaks)) return this.#break()
    if (this.#ghosts.length > 0 && random.chance(0.3)) return void this.#carryOut(this.#ghosts.shift()!)
    if (this.#answers.length > 0 && random.chance(0.5)) return this.#answer(this.#answers.shift()!)
    const call = this.#calls[this.#seen]
    if (call === undefined) return
    this.#seen++
    this.#answers.push({ call, answer: this.#serve(call) })
  }

  #break(): void {
    const unseen = this.#calls.slice(this.#seen)
    if (this.#random.chance(this.faults.ghosts)) this.#ghosts.push(...unseen)
    this.#answers = []
    this.#seen = 0
    this.sockets++
  }

  #answer({ call, answer }: Answered): void {
    this.#calls.splice(this.#calls.indexOf(call), 1)
    this.#seen--
    if (answer instanceof MillraceError) call.reject(answer)
    else call.resolve(answer)
  }

  #serve(call: Call): ServerFrame | MillraceError {
    const random = this.#random
    if (random.chance(this.faults.overloaded)) return refusal("overloaded", { retryAfterMs: 20 })
    if (random.chance(this.faults.unavailable)) {
      if (random.chance(0.5)) this.#carryOut(call)
      return refusal("unavailable", { retryAfterMs: 20 })
    }
    return this.#carryOut(call)
  }

  #carryOut({ frame, values }: Call): ServerFrame | MillraceError {
    const invalid = values.findIndex((value) => value.startsWith("invalid"))
    if (invalid !== -1) return refusal("invalid_field", { pointer: `/batch/${invalid}/headers` })
    const producer = frame["producer"] as { id: number; sequence: number }
    const known = this.#producers.get(producer.id)
    const expected = known?.next ?? 0
    const stored = Math.min(values.length, expected - producer.sequence)
    const isPartly = stored > 0 && stored < values.length
    if (stored < 0 || (this.#isPartition && isPartly)) return refusal("sequence_gap", { expectedSequence: expected })
    const state = known ?? { next: expected, ids: new Map<number, number>() }
    this.#producers.set(producer.id, state)
    return { type: "confirm", results: values.map((value, nth) => this.#result(state, producer.sequence + nth, value)) }
  }

  #result(state: { next: number; ids: Map<number, number> }, sequence: number, value: string): object {
    if (sequence < state.next) return { id: state.ids.get(sequence) ?? null, repeated: true }
    // what is refused takes along what stands behind it, as its sequence is never reached
    if (sequence > state.next || value.startsWith("full")) return { problem: refusal("queue_full", {}).problem }
    state.ids.set(sequence, this.log.length)
    state.next++
    return { id: this.log.push(value) - 1 }
  }
}

function refusal(
  code: "overloaded" | "unavailable" | "invalid_field" | "queue_full" | "sequence_gap",
  data: object,
): MillraceError {
  const problem = { type: `/problems/${code}`, title: code, status: 503, code, detail: code, ...data }
  return new MillraceError(code, code, { problem })
}
