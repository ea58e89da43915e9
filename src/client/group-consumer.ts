import type { Connection } from "./connection.ts"
import type { HandlerContext } from "./consume/consume-options.ts"
import { deferIterator } from "./consume/deferred.ts"
import type { CommitOffset, CommitOptions, GroupConsumerOptions, RunOptions } from "./consume/group-options.ts"
import type { GroupRunner } from "./consume/group-runner.ts"
import type { TopicRecord, TopicSource } from "./consume/records.ts"

/** A member of a consumer group. It joins when its records are first asked for, and is in until it is closed. */
export class GroupConsumer<Key = string, Value = unknown> implements AsyncIterable<TopicRecord<Key, Value>> {
  readonly group: string
  readonly #load: () => Promise<GroupRunner<Key, Value>>
  readonly #connection: Connection
  #isClosed = false
  #runner: Promise<GroupRunner<Key, Value>> | null = null

  /** @internal */
  constructor(source: TopicSource<Key, Value>, group: string, options: GroupConsumerOptions) {
    this.group = group
    this.#connection = source.context.connection
    this.#load = async () => {
      const loaded = await import("./consume/group-runner.ts")
      return new loaded.GroupRunner(source, group, options)
    }
  }

  /**
   * The records of its partitions one by one. One that was given out is processed when the next is asked for, and then
   * is committed where `autoCommit` is on. Leaving the loop keeps the membership; the next loop begins with the record
   * at which this one was left, unless that was committed.
   * Throws MillraceError: `not_found` for a group or topic that isn't there, `invalid_value`, `corrupt_batch`, …
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<TopicRecord<Key, Value>> {
    return deferIterator(
      async () => (await this.#loaded).records(),
      () => this.#isClosed || this.#connection.closing.aborted,
    )
  }

  /**
   * Runs `handler` for each record: in order within a partition, partitions beside each other. What is processed is
   * committed where `autoCommit` is on. Resolves when the consumer is closed. Rejects with what a handler threw; then
   * it has stopped, and the record is not committed: another run begins with it. One run or loop at a time.
   */
  async run(
    handler: (record: TopicRecord<Key, Value>, context: HandlerContext) => unknown,
    options: RunOptions = {},
  ): Promise<void> {
    return (await this.#loaded).run(handler, options)
  }

  /**
   * Commits that a record and all before it in its partition are processed, or offsets of next records. Resolves when
   * it is stored. Rejects with MillraceError `fenced` where somebody else has the partition by now.
   */
  async commit(what: TopicRecord<Key, Value> | readonly CommitOffset[], options: CommitOptions = {}): Promise<void> {
    return (await this.#loaded).commit(what, options)
  }

  /** Finishes what is running, commits where `autoCommit` is on, and leaves the group. Not to be awaited by a handler. */
  async close(): Promise<void> {
    this.#isClosed = true
    return (await this.#loaded).close()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #loaded(): Promise<GroupRunner<Key, Value>> {
    return (this.#runner ??= this.#load())
  }
}
