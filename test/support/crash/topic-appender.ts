import type { Random } from "../../simulation/random.ts"
import type { Append } from "../checkers/history.ts"
import { resultsOf, type Call } from "./door.ts"
import { fine } from "./habits.ts"
import { OPERATIONS_PER_MESSAGE, type Stage, type Worker } from "./stage.ts"

const LARGEST_BATCH = 10
const KEYS = 6
const OPENED_AGAIN = 0.05

/** What is appended, and where. */
export interface AppendPlace {
  readonly topic: string
  /** Asked anew each time, as partitions may be added. */
  readonly partitions: () => number
  readonly fate?: (random: Random) => string
  /** Told of each append, with its answer. */
  readonly appended?: (append: Append) => void
}

type Entry = Append["records"][number]

interface Identity {
  readonly id: number
  readonly epoch: number
}

/** What a producer says in one request. */
interface Said extends Identity {
  readonly partition: number
  readonly sequence: number
  readonly records: readonly Entry[]
}

/** Appends to one partition after the other over HTTP, and repeats nothing. */
export class TopicAppender implements Worker {
  readonly #stage: Stage
  readonly #place: AppendPlace
  readonly name: string
  readonly #random: Random

  constructor(stage: Stage, place: AppendPlace, name: string) {
    this.#stage = stage
    this.#place = place
    this.name = name
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    const { topic, partitions, fate = fine, appended } = this.#place
    const records = recordsFor(this.#stage, this.name, this.#random, LARGEST_BATCH, fate)
    const partition = this.#random.between(0, partitions() - 1)
    await this.#stage.turn(records.length * OPERATIONS_PER_MESSAGE)
    const call = await postRecords(this.#stage, topic, partition, records, null)
    const append = appendOf(this.name, topic, partition, records, call, null)
    this.#stage.recorder.add(append)
    appended?.(append)
  }
}

/**
 * Appends under a producer's numbers, and repeats each append until it is answered. Now and then it is opened again, and
 * what the one before it said last is said again: it must be refused, also behind a restart.
 */
export class TopicProducer implements Worker {
  readonly #stage: Stage
  readonly #place: AppendPlace
  readonly name: string
  readonly #random: Random
  readonly #sequences = new Map<number, number>()
  #identity: Identity | null = null
  /** What was said last under the epoch before, until it was said again. */
  #outdated: Said | null = null
  #last: Said | null = null

  constructor(stage: Stage, place: AppendPlace, name: string) {
    this.#stage = stage
    this.#place = place
    this.name = name
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    if (this.#random.chance(OPENED_AGAIN)) this.#retire()
    this.#identity ??= await this.#open()
    // who was replaced is known where its successor was
    const partition = this.#outdated?.partition ?? this.#random.between(0, this.#place.partitions() - 1)
    const records = recordsFor(this.#stage, this.name, this.#random, LARGEST_BATCH, fine)
    const said = { ...this.#identity, partition, records, sequence: this.#sequences.get(partition) ?? 0 }
    for (let isKnown = false; !isKnown && !this.#stage.isStopping;) {
      await this.#stage.turn(records.length * OPERATIONS_PER_MESSAGE)
      isKnown = await this.#say(said)
    }
    this.#sequences.set(partition, said.sequence + records.length)
    this.#last = said
    if (this.#outdated !== null && (await this.#say(this.#outdated))) this.#outdated = null
  }

  #retire(): void {
    this.#identity = null
    this.#sequences.clear()
    this.#outdated = this.#last
  }

  /** Whether there is an answer. */
  async #say({ id, epoch, sequence, partition, records }: Said): Promise<boolean> {
    const { topic } = this.#place
    const call = await postRecords(this.#stage, topic, partition, records, { id, epoch, sequence })
    const producer = { id: String(id), epoch, sequence }
    this.#stage.recorder.add(appendOf(this.name, topic, partition, records, call, producer))
    return call.answer !== null
  }

  async #open(): Promise<Identity> {
    const { answer } = await this.#stage.door.insist("POST", "/v1/producers", { name: this.name }, [200])
    const { producerId: id, epoch } = answer.body as { readonly producerId: number; readonly epoch: number }
    return { id, epoch }
  }
}

function recordsFor(
  stage: Stage,
  name: string,
  random: Random,
  largest: number,
  fate: (random: Random) => string,
): Entry[] {
  return Array.from({ length: random.between(1, largest) }, () => ({
    value: `${stage.fresh(name)}${fate(random)}`,
    key: `k${random.between(1, KEYS)}`,
  }))
}

/** Asks for records to be stored in one partition. */
export function postRecords(
  stage: Stage,
  topic: string,
  partition: number,
  entries: readonly Entry[],
  producer: object | null,
): Promise<Call> {
  const records = entries.map(({ value, key }) => ({ partition, body: value, ...(key !== null && { key }) }))
  const body = { records, ...(producer !== null && { producer }) }
  return stage.door.post("append", `/v1/topics/${topic}/records`, body, records.length)
}

/** What an append comes to. One that a producer repeats may be stored at places that are not known any more. */
export function appendOf(
  client: string,
  topic: string,
  partition: number,
  records: Append["records"],
  call: Call,
  producer: Append["producer"],
): Append {
  const { calledAt, answeredAt } = call
  const results = resultsOf(call, "records")
  const offsets = results?.flatMap(({ offset }) => (typeof offset === "number" ? [offset] : [])) ?? null
  const isForgotten = results?.some(({ offset }) => offset === null) === true
  return {
    kind: "append",
    client,
    topic,
    partition,
    records,
    calledAt,
    answeredAt,
    offsets: isForgotten ? null : offsets,
    producer,
  }
}
