import type { DeliveredRecord } from "../../protocol/native/wire-deliver-decode.ts"
import { entryOf, fencedError, GroupMember } from "./group-member.ts"
import type { CommitOffset, CommitOptions, GroupConsumerOptions, RunOptions } from "./group-options.ts"
import type { OffsetEntry } from "./commits.ts"
import type { HandlerContext } from "./consume-options.ts"
import { endWith, throwFailure } from "./end-with.ts"
import { GroupLoop } from "./group-loop.ts"
import { iterate } from "./iterate.ts"
import { checkCount, MAX_PREFETCH } from "./limits.ts"
import type { OwnedPartition } from "./owned-partition.ts"
import { Turns } from "./partition-reader.ts"
import { readRecord, type TopicRecord, type TopicSource } from "./records.ts"
import { closedError } from "../errors.ts"
import { runTraced } from "../tracing.ts"

/** What a member of a consumer group does; see `GroupConsumer`. */
export class GroupRunner<Key, Value> {
  readonly group: string
  readonly #source: TopicSource<Key, Value>
  readonly #options: GroupConsumerOptions
  readonly #member: GroupMember
  readonly #turns = new Turns()
  /** Where a record came from: what is committed of it counts only there. */
  readonly #origins = new WeakMap<TopicRecord<Key, Value>, OwnedPartition>()
  #running = 0
  /** Null before it was opened. */
  #forget: (() => void) | null = null
  #closing: Promise<void> | null = null

  constructor(source: TopicSource<Key, Value>, group: string, options: GroupConsumerOptions) {
    this.group = group
    this.#source = source
    this.#options = options
    this.#member = new GroupMember(source.context, group, source.name, options)
  }

  /** The records of its partitions one by one. */
  records(): AsyncIterableIterator<TopicRecord<Key, Value>> {
    return iterate(() => {
      this.#open()
      return new GroupLoop(this.#member, {
        turns: this.#turns,
        read: (partition, entry) => this.#read(partition, entry),
        isOver: () => this.#isOver,
      })
    })
  }

  /** Runs `handler` for each record. */
  async run(
    handler: (record: TopicRecord<Key, Value>, context: HandlerContext) => unknown,
    { concurrency = MAX_PREFETCH }: RunOptions = {},
  ): Promise<void> {
    checkCount("concurrency", concurrency, MAX_PREFETCH)
    this.#open()
    const member = this.#member
    const failures: unknown[] = []
    const before = this.#running
    while (failures.length === 0 && !this.#isOver) {
      const partition = this.#running - before < concurrency ? this.#turns.next(member.partitions) : null
      if (partition === null) await member.changed.wait()
      else void this.#process(partition, handler, (error) => failures.push(error))
    }
    while (this.#running > before) await member.changed.wait()
    if (failures.length > 0) throw failures[0]
    throwFailure(member.failure)
    await this.#closing
  }

  /** Commits offsets. */
  async commit(
    what: TopicRecord<Key, Value> | readonly CommitOffset[],
    { metadata }: CommitOptions = {},
  ): Promise<void> {
    const entries = Array.isArray(what)
      ? (what as readonly CommitOffset[]).map((offset) => this.#entryAt(offset))
      : [this.#entryOf(what as TopicRecord<Key, Value>)]
    const owners = entries.map((entry) => this.#member.find(entry)!)
    await this.#member.commit(() => {
      if (owners.some(({ isOver }) => isOver)) throw fencedError()
      return entries.map((entry) => (metadata === undefined ? entry : { ...entry, metadata }))
    })
    for (const [index, { offset }] of entries.entries()) owners[index]!.committedOffset = offset
  }

  /** Leaves the group. */
  close(): Promise<void> {
    return (this.#closing ??= this.#leave())
  }

  get #isOver(): boolean {
    return this.#closing !== null || this.#member.failure !== null
  }

  #open(): void {
    if (this.#closing !== null) throw closedError("consumer")
    if (this.#forget !== null) return
    const end = (): Promise<void> => this.close()
    this.#forget = endWith(this.#source.context.connection, this.#options.signal, end, () => void end())
    if (!this.#isOver) this.#member.open()
  }

  async #leave(): Promise<void> {
    this.#member.changed.wake()
    while (this.#running > 0) await this.#member.changed.wait()
    if (this.#forget === null) return
    await this.#member.leave()
    this.#forget()
  }

  async #process(
    partition: OwnedPartition,
    handler: (record: TopicRecord<Key, Value>, context: HandlerContext) => unknown,
    failed: (error: unknown) => void,
  ): Promise<void> {
    const entry = partition.take()
    partition.isBusy = true
    this.#running++
    try {
      const record = await this.#read(partition, entry)
      // it may have been lost meanwhile
      if (record !== null && !partition.isOver)
        await runTraced(this.#source.context.tracing, record, () => handler(record, { signal: partition.lost.signal }))
      partition.doneOffset = entry.offset + 1
    } catch (error) {
      if (!partition.isOver) {
        partition.putBack(entry)
        failed(error)
      }
    }
    partition.isBusy = false
    this.#running--
    this.#member.changed.wake()
  }

  /** Null for a record to be passed over. */
  async #read(partition: OwnedPartition, entry: DeliveredRecord): Promise<TopicRecord<Key, Value> | null> {
    if (entry.record === null && this.#options.skipDamaged) return null
    const record = await readRecord(this.#source, partition, entry)
    this.#origins.set(record, partition)
    return record
  }

  #entryOf(record: TopicRecord<Key, Value>): OffsetEntry {
    const partition = this.#origins.get(record)
    if (partition === undefined || partition.isOver) throw fencedError()
    return entryOf(partition, record.offset + 1)
  }

  #entryAt({ topic = this.#source.name, partition, offset }: CommitOffset): OffsetEntry {
    const owned = this.#member.find({ topic, partition })
    if (owned === undefined) throw fencedError()
    return entryOf(owned, offset)
  }
}
