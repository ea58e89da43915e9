import type { Client, GroupConsumer, TopicRecord } from "../../../src/client/index.ts"
import type { Stage } from "./stage.ts"

/** A member of a consumer group by the client library, which commits what it has read. */
export class SdkMember {
  readonly #stage: Stage
  readonly #group: string
  readonly #name: string
  readonly #consumer: GroupConsumer<string, string>
  readonly #done: Promise<void>

  constructor(stage: Stage, client: Client, place: { readonly group: string; readonly topic: string }, name: string) {
    this.#stage = stage
    this.#group = place.group
    this.#name = name
    this.#consumer = client.topic<string>(place.topic).consumer(place.group, { autoCommitIntervalMs: 200 })
    this.#done = this.#consumer.run((record) => this.#read(record))
  }

  async close(): Promise<void> {
    await this.#consumer.close()
    await this.#done
  }

  /** The library does not say under which epoch it reads, nor when it asked. */
  async #read({ topic, partition, offset, key, value, timestamp }: TopicRecord<string, string>): Promise<void> {
    const at = this.#stage.recorder.now()
    this.#stage.recorder.add({
      kind: "read",
      client: this.#name,
      calledAt: at,
      answeredAt: at,
      topic,
      partition,
      group: { name: this.#group, member: this.#name, epoch: 0 },
      from: offset,
      records: [{ offset, key, value: value!, timestamp }],
      nextOffset: offset + 1,
    })
  }
}
