import type { Random } from "../../simulation/random.ts"
import type { Send, SentMessage } from "../checkers/history.ts"
import { codeOf, resultsOf, type Call, type Result } from "./door.ts"
import { OPERATIONS_PER_MESSAGE, type Stage, type Worker } from "./stage.ts"

/** How many at a time. */
const LARGEST_BATCH = 10
/** Sends under a deduplication id that may be repeated are so many. */
const REMEMBERED = 100

/** What a sender makes of each of its messages. */
export interface Outgoing {
  /** Ends of values say what their receiver does with them; see `habits.ts`. */
  readonly fate: (random: Random) => string
  readonly groups: number | null
  readonly dedup: boolean
  readonly maxDelayMs: number
}

/** Sends batches to a queue over HTTP, and repeats some where the queue knows repeats. */
export class QueueSender implements Worker {
  readonly #stage: Stage
  readonly #queue: string
  readonly name: string
  readonly #outgoing: Outgoing
  readonly #random: Random
  readonly #sent: SentMessage[] = []

  constructor(stage: Stage, queue: string, name: string, outgoing: Outgoing) {
    this.#stage = stage
    this.#queue = queue
    this.name = name
    this.#outgoing = outgoing
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    const count = this.#random.chance(0.2) ? 1 : this.#random.between(2, LARGEST_BATCH)
    await this.#stage.turn(count * OPERATIONS_PER_MESSAGE)
    const messages = Array.from({ length: count }, () => this.#message())
    let known = await this.#send(messages)
    // whoever has no answer says it again: the queue knows it by its id
    while (!known && this.#outgoing.dedup && !this.#stage.isStopping) known = await this.#send(messages)
  }

  #message(): SentMessage {
    const { fate, groups, dedup, maxDelayMs } = this.#outgoing
    if (dedup && this.#sent.length > 0 && this.#random.chance(0.1)) return this.#random.pick(this.#sent)
    const value = `${this.#stage.fresh(this.name)}${fate(this.#random)}`
    const message = {
      value,
      group: groups === null ? null : `g${this.#random.between(1, groups)}`,
      dedupId: dedup ? `once ${value}` : null,
      delayMs: this.#random.between(0, maxDelayMs),
    }
    if (this.#sent.push(message) > REMEMBERED) this.#sent.shift()
    return message
  }

  /** Whether there is an answer. */
  async #send(messages: readonly SentMessage[]): Promise<boolean> {
    const body = { messages: messages.map(requestOf) }
    const call = await this.#stage.door.post("send", `/v1/queues/${this.#queue}/messages`, body, messages.length)
    this.#stage.recorder.add(sendOf(this.name, this.#queue, messages, call))
    return call.answer !== null
  }
}

function requestOf({ value, group, dedupId, delayMs }: SentMessage): object {
  return {
    body: value,
    ...(group !== null && { groupId: group }),
    ...(dedupId !== null && { dedupId }),
    ...(delayMs > 0 && { delayMs }),
  }
}

/** What a send comes to. */
export function sendOf(client: string, queue: string, messages: readonly SentMessage[], call: Call): Send {
  const { calledAt, answeredAt, answer } = call
  const results = resultsOf(call, "messages")
  const outcome = (result: Result | undefined): { id: string } | { refused: string } => {
    if (result?.id !== undefined) return { id: result.id }
    return { refused: result?.problem?.code ?? codeOf(answer!) }
  }
  return {
    kind: "send",
    client,
    queue,
    messages,
    calledAt,
    answeredAt,
    results: results && messages.map((_, index) => outcome(results[index])),
  }
}
