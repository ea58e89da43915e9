import { type Codec, decoderOf, json, text } from "./codec.ts"
import type { GroupConsumerOptions } from "./consume/group-options.ts"
import type { TopicRecord, TopicSource } from "./consume/records.ts"
import { deferIterator } from "./consume/deferred.ts"
import { checkRead } from "./consume/limits.ts"
import type { Context } from "./context.ts"
import { GroupConsumer } from "./group-consumer.ts"
import { Producer, type ProducerOptions } from "./producer.ts"
import { ShareGroup } from "./share-group.ts"
import type { StandardSchema } from "./standard-schema.ts"
import type { ReadOptions } from "./topic-reader.ts"

/** How a topic is used. */
export interface TopicOptions<Key, In, Out = In> {
  /** How values are written and read; `json()` where it is left out. */
  readonly codec?: Codec<In>
  /** How keys are; `text` where it is left out. */
  readonly key?: Codec<Key>
  /** Checks values that were read; its output is the record's value. */
  readonly schema?: StandardSchema<unknown, Out>
}

/** A topic, to publish to and to read from. Costs nothing until it is used; the topic must exist by then. */
export class Topic<Key = string, In = unknown, Out = In> {
  readonly name: string
  readonly #context: Context
  readonly #source: TopicSource<Key, Out>
  readonly #codecs: { readonly key: Codec<Key>; readonly codec: Codec<In> }

  /** @internal */
  constructor(context: Context, name: string, options: TopicOptions<Key, In, Out>) {
    this.name = name
    this.#context = context
    const { codec = json(), key = text as unknown as Codec<Key>, schema } = options
    this.#codecs = { codec, key }
    this.#source = { context, name, key: decoderOf(key, undefined), value: decoderOf(codec, schema) }
  }

  /** Something that publishes records to the topic. Nothing is said before the first. */
  producer(options: ProducerOptions = {}): Producer<Key, In> {
    return new Producer(this.#context, this.name, this.#codecs, options)
  }

  /**
   * Reads records one by one, of one partition or of all beside each other, in order within each. Nothing is committed
   * anywhere. The loop throws MillraceError: `not_found`, `offset_trimmed`, `offset_out_of_range`, `invalid_value`,
   * `corrupt_batch`, or `aborted` for its signal. Throws `invalid_field` for options that can't be.
   */
  read(options: ReadOptions = {}): AsyncIterableIterator<TopicRecord<Key, Out>> {
    checkRead(options)
    return deferIterator(
      async () => (await import("./topic-reader.ts")).readTopic(this.#source, options),
      () => this.#context.connection.closing.aborted,
    )
  }

  /** A member of the consumer group `group`, which must exist. It joins when its records are first asked for. */
  consumer(group: string, options: GroupConsumerOptions = {}): GroupConsumer<Key, Out> {
    return new GroupConsumer(this.#source, group, options)
  }

  /** The share group `group`, which must exist: its consumers get the topic's records like those of a queue. */
  share(group: string): ShareGroup<Key, Out> {
    return new ShareGroup(this.#source, group)
  }
}
