import type { Random } from "../../simulation/random.ts"
import type { SentMessage } from "../checkers/history.ts"
import { queuePlace } from "./places.ts"
import { sendOf } from "./queue-sender.ts"
import { QueueReceiver } from "./queue-receiver.ts"
import type { Stage } from "./stage.ts"
import { appendOf, postRecords } from "./topic-appender.ts"
import { TopicReader } from "./topic-reader.ts"

const NAME = "fleeting"
const MESSAGES = 5
const MOST_PARTITIONS = 12

/**
 * Deletes a queue and a topic and creates them again, and adds partitions to another topic. In the history every life of
 * a queue or a topic has a name of its own.
 */
export class Catalog {
  readonly #stage: Stage
  readonly #random: Random
  #lives = 0
  #partitions = 1
  #last: Promise<void> = Promise.resolve()

  constructor(stage: Stage) {
    this.#stage = stage
    this.#random = stage.random("catalog")
  }

  /** Of the topic `growing`: so many there are for sure. */
  get partitions(): number {
    return this.#partitions
  }

  /** One change behind the other. */
  readonly change = (): Promise<void> => {
    this.#last = this.#last.then(() => this.#change())
    return this.#last
  }

  async #change(): Promise<void> {
    const life = `${NAME}/${this.#lives++}`
    await Promise.all([this.#liveAsQueue(life), this.#liveAsTopic(life), this.#grow()])
  }

  async #liveAsQueue(life: string): Promise<void> {
    const { door, recorder } = this.#stage
    const path = `/v1/queues/${NAME}`
    await door.insist("PUT", path, {}, [200, 201])
    const messages: SentMessage[] = this.#stage
      .freshOnes(NAME, MESSAGES)
      .map((value) => ({ value, group: null, dedupId: null, delayMs: 0 }))
    const body = { messages: messages.map(({ value }) => ({ body: value })) }
    recorder.add(sendOf(NAME, life, messages, await door.post("send", `${path}/messages`, body, MESSAGES)))
    await new QueueReceiver(this.#stage, { ...queuePlace(NAME), queue: life }, `${NAME} receiver`).takeAll(0)
    await door.insist("DELETE", path, null, [204, 404])
  }

  async #liveAsTopic(life: string): Promise<void> {
    const { door, recorder } = this.#stage
    const path = `/v1/topics/${NAME}`
    await door.insist("PUT", path, {}, [200, 201])
    const records = this.#stage.freshOnes(NAME, MESSAGES).map((value) => ({ value, key: null }))
    recorder.add(appendOf(NAME, life, 0, records, await postRecords(this.#stage, NAME, 0, records, null), null))
    await new TopicReader(this.#stage, { topic: life, path: NAME, partition: 0 }, `${NAME} reader`).toEnd()
    await door.insist("DELETE", path, null, [204, 404])
  }

  async #grow(): Promise<void> {
    if (this.#partitions >= MOST_PARTITIONS || this.#random.chance(0.5)) return
    const partitions = this.#partitions + 1
    await this.#stage.door.insist("PUT", "/v1/topics/growing", { partitions }, [200])
    this.#partitions = partitions
  }
}
