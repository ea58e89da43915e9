import { type Appended, type Client, isMillraceError, type Producer, type Sent } from "../../../src/client/index.ts"
import type { Random } from "../../simulation/random.ts"
import type { Append, Send } from "../checkers/history.ts"
import type { LoadOptions } from "./load.ts"
import { OPERATIONS_PER_MESSAGE, type Stage, type Worker } from "./stage.ts"

const LARGEST_BURST = 10
const GROUPS = 4
const KEYS = 6

/** Told of how long it took. */
type OnAnswer = NonNullable<LoadOptions["onAnswer"]>

/** Sends to a queue by the client library, which says what had no answer again. */
export class SdkSender implements Worker {
  readonly #stage: Stage
  readonly #client: Client
  readonly #queue: string
  readonly #isOrdered: boolean
  readonly name: string
  readonly #random: Random
  readonly #onAnswer: OnAnswer

  constructor(
    stage: Stage,
    client: Client,
    place: { readonly queue: string; readonly isOrdered: boolean },
    name: string,
    onAnswer: OnAnswer = () => {},
  ) {
    this.#stage = stage
    this.#client = client
    this.#queue = place.queue
    this.#isOrdered = place.isOrdered
    this.name = name
    this.#random = stage.random(name)
    this.#onAnswer = onAnswer
  }

  readonly step = async (): Promise<void> => {
    const values = this.#stage.freshOnes(this.name, this.#random.between(1, LARGEST_BURST))
    await this.#stage.turn(values.length * OPERATIONS_PER_MESSAGE)
    await Promise.all(values.map((value) => this.#send(value)))
  }

  async #send(value: string): Promise<void> {
    const { recorder } = this.#stage
    const group = this.#isOrdered ? `g${this.#random.between(1, GROUPS)}` : null
    const calledAt = recorder.now()
    const results = await answerOf<NonNullable<Send["results"]>[number], Sent>(
      this.#client.queue<string>(this.#queue).send(value, group === null ? {} : { groupId: group }),
      // one that is stored and forgotten has an id that nobody knows
      ({ id }) => (id === null ? null : { id }),
      (refused) => ({ refused }),
    )
    const answeredAt = results === null ? null : recorder.now()
    if (answeredAt !== null) this.#onAnswer("sdk send", answeredAt - calledAt, 1)
    recorder.add({
      kind: "send",
      client: this.name,
      queue: this.#queue,
      messages: [{ value, group, dedupId: null, delayMs: 0 }],
      calledAt,
      answeredAt,
      results: results && [results],
    })
  }
}

/** Publishes to a topic by the client library, likewise. */
export class SdkPublisher implements Worker {
  readonly #stage: Stage
  readonly #topic: string
  readonly #partitions: number
  readonly name: string
  readonly #random: Random
  readonly #producer: Producer<string, string>
  readonly #onAnswer: OnAnswer

  constructor(
    stage: Stage,
    client: Client,
    place: { readonly topic: string; readonly partitions: number },
    name: string,
    onAnswer: OnAnswer = () => {},
  ) {
    this.#stage = stage
    this.#topic = place.topic
    this.#partitions = place.partitions
    this.name = name
    this.#random = stage.random(name)
    this.#producer = client.topic<string>(place.topic).producer({ lingerMs: 1 })
    this.#onAnswer = onAnswer
  }

  readonly step = async (): Promise<void> => {
    const values = this.#stage.freshOnes(this.name, this.#random.between(1, LARGEST_BURST))
    await this.#stage.turn(values.length * OPERATIONS_PER_MESSAGE)
    await Promise.all(values.map((value) => this.#publish(value)))
  }

  async #publish(value: string): Promise<void> {
    const { recorder } = this.#stage
    const partition = this.#random.between(0, this.#partitions - 1)
    const key = `k${this.#random.between(1, KEYS)}`
    const calledAt = recorder.now()
    const offsets = await answerOf<number[], Appended>(
      this.#producer.send({ key, value, partition }),
      ({ offset }) => [offset],
      () => [],
    )
    const answeredAt = offsets === null ? null : recorder.now()
    if (answeredAt !== null) this.#onAnswer("sdk publish", answeredAt - calledAt, 1)
    const append: Append = {
      kind: "append",
      client: this.name,
      topic: this.#topic,
      partition,
      records: [{ value, key }],
      calledAt,
      answeredAt,
      offsets,
      producer: null,
    }
    recorder.add(append)
  }
}

/** What a send came to; null where that is not known. */
async function answerOf<Outcome, Stored>(
  stored: Promise<Stored>,
  done: (stored: Stored) => Outcome | null,
  refused: (code: string) => Outcome,
): Promise<Outcome | null> {
  try {
    return done(await stored)
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return error.problem === undefined || error.code === "unavailable" ? null : refused(error.code)
  }
}
