import type { ConsumeOptions, HandlerContext, MessagesOptions } from "./consume/consume-options.ts"
import { deferConsumer, deferIterator } from "./consume/deferred.ts"
import type { Consumer } from "./consume/handler-loop.ts"
import type { Settleable } from "./consume/held.ts"
import { checkConsume, checkLeases } from "./consume/limits.ts"
import type { TopicRecord, TopicSource } from "./consume/records.ts"
import type { SharedConsumers } from "./consume/shared-consumers.ts"

/** A record that this client has for a while. */
export interface SharedRecord<Key, Value> extends Settleable, TopicRecord<Key, Value> {}

/** A share group: gives the records of a topic to any number of consumers, each to one at a time, like a queue. */
export class ShareGroup<Key = string, Value = unknown> {
  readonly group: string
  readonly #source: TopicSource<Key, Value>

  /** @internal */
  constructor(source: TopicSource<Key, Value>, group: string) {
    this.group = group
    this.#source = source
  }

  /**
   * Runs `handler` for each record; what it resolves is acknowledged, what it throws at goes back. As `Queue.consume`.
   * Throws MillraceError `invalid_field`.
   */
  consume(
    handler: (record: SharedRecord<Key, Value>, context: HandlerContext) => unknown,
    options: ConsumeOptions<SharedRecord<Key, Value>> = {},
  ): Consumer {
    checkConsume(options)
    return deferConsumer(async () => (await this.#load()).consume(handler, options), options.onError)
  }

  /** The records one by one; each is to be settled. Whoever leaves the loop gives back the rest. As `Queue.messages`. */
  messages(options: MessagesOptions = {}): AsyncIterableIterator<SharedRecord<Key, Value>> {
    checkLeases(options)
    return deferIterator(
      async () => (await this.#load()).messages(options),
      () => this.#source.context.connection.closing.aborted,
    )
  }

  async #load(): Promise<SharedConsumers<Key, Value>> {
    const loaded = await import("./consume/shared-consumers.ts")
    return new loaded.SharedConsumers(this.#source, this.group)
  }
}
