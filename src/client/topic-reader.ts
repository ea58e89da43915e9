import { adminTopics } from "./admin-topics.ts"
import { askOf } from "./admin-http.ts"
import { endWith, throwFailure } from "./consume/end-with.ts"
import { iterate, type Source } from "./consume/iterate.ts"
import { endOf } from "./consume/log-end.ts"
import { followPartitions } from "./consume/partition-count.ts"
import { PartitionReader, type ReadStart, Turns } from "./consume/partition-reader.ts"
import { readRecord, type TopicRecord, type TopicSource } from "./consume/records.ts"
import { DEFAULT_PREFETCH, roomOfEach } from "./consume/rooms.ts"
import type { Room } from "./consume/subscription.ts"
import { Wakeup } from "./consume/wakeup.ts"
import { abortedError, type MillraceError } from "./errors.ts"

/** Where reading begins. */
export type ReadFrom =
  | "earliest"
  | "latest"
  /** An offset of the one partition that is read. */
  | number
  /** The first record at this time or later. Asked over HTTP. */
  | { readonly timestamp: Date | number }
  /** An offset for each partition; those that are left out are read from their beginning. */
  | { readonly offsets: Readonly<Record<number, number>> }

/** How a topic is read. */
export interface ReadOptions {
  /** `earliest` where it is left out. */
  readonly from?: ReadFrom
  /** The one to read; else all, also those that are added meanwhile. */
  readonly partition?: number
  /** Ends behind what is there at the beginning; else the loop waits for more. */
  readonly until?: "end"
  /** How many records may wait for the loop, over all partitions; 1,000. */
  readonly prefetch?: number
  /** Passes over records that are damaged in the log; else the loop throws `corrupt_batch` there. */
  readonly skipDamaged?: boolean
  /** Ends the loop with `aborted`. */
  readonly signal?: AbortSignal
}

/**
 * The records of a topic one by one; see `Topic.read`.
 * @internal
 */
export function readTopic<Key, Value>(
  source: TopicSource<Key, Value>,
  options: ReadOptions = {},
): AsyncIterableIterator<TopicRecord<Key, Value>> {
  return iterate(() => new TopicReader(source, options))
}

class TopicReader<Key, Value> implements Source<TopicRecord<Key, Value>> {
  readonly #source: TopicSource<Key, Value>
  readonly #options: ReadOptions
  readonly #readers: PartitionReader[] = []
  readonly #ends = new Map<PartitionReader, number>()
  readonly #turns = new Turns()
  readonly #changed = new Wakeup()
  readonly #forget: () => void
  readonly #stopFollowing: () => void = () => {}
  #starts: ReadonlyMap<number, number> | null = null
  #isBeginning = false
  #isComplete = false
  #isOver = false
  #failure: MillraceError | null = null

  constructor(source: TopicSource<Key, Value>, options: ReadOptions) {
    this.#source = source
    this.#options = options
    const { connection } = source.context
    const { partition, signal } = options
    const abort = (): void => this.#fail(abortedError(signal!))
    this.#forget = endWith(connection, signal, () => this.end(), abort)
    if (partition !== undefined) void this.#begin([partition], 1)
    else {
      this.#stopFollowing = followPartitions(connection, source.name, {
        counted: (count) => {
          if (!this.#isBeginning) void this.#begin(range(this.#readers.length, count), count)
        },
        failed: (error) => this.#fail(error),
      })
    }
  }

  async next(): Promise<TopicRecord<Key, Value> | null> {
    while (!this.#isOver) {
      throwFailure(this.#failure)
      if (this.#failure !== null) return null
      const reader = this.#turns.next(this.#readers)
      if (reader !== null) {
        const record = await this.#read(reader)
        if (record !== null) return record
      } else if (this.#isAtEnd) return null
      else await this.#changed.wait()
    }
    return null
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#stopFollowing()
    this.#changed.wake()
    this.#forget()
    await Promise.all(this.#readers.map(({ subscription }) => subscription.end()))
  }

  get #isAtEnd(): boolean {
    return this.#isComplete && this.#readers.every((reader) => (reader.position ?? -1) >= this.#ends.get(reader)!)
  }

  async #read(reader: PartitionReader): Promise<TopicRecord<Key, Value> | null> {
    const entry = reader.take()
    if (entry.offset >= (this.#ends.get(reader) ?? Infinity)) return null
    if (entry.record === null && this.#options.skipDamaged) return null
    return readRecord(this.#source, reader, entry)
  }

  /** Begins to read `partitions`; there are `count` of them with those that are read already. */
  async #begin(partitions: readonly number[], count: number): Promise<void> {
    const isFirst = this.#starts === null
    if (!isFirst && this.#options.until === "end") return
    this.#isBeginning = true
    try {
      this.#starts ??= await this.#lookUp()
      const ends = await this.#findEnds(partitions)
      if (this.#isOver) return
      const { prefetch = DEFAULT_PREFETCH } = this.#options
      const room = roomOfEach(prefetch, count)
      for (const { subscription } of this.#readers) subscription.prefetch = room.prefetch
      for (const [index, partition] of partitions.entries()) {
        const reader = this.#reader(partition, isFirst ? this.#startOf(partition) : "earliest", room)
        this.#readers.push(reader)
        if (ends !== null) this.#ends.set(reader, ends[index]!)
        reader.subscription.open()
      }
      this.#isComplete = ends !== null
      this.#changed.wake()
    } catch (error) {
      this.#fail(error as MillraceError)
    }
    this.#isBeginning = false
  }

  #reader(partition: number, from: ReadStart, room: Room): PartitionReader {
    const { context, name } = this.#source
    return new PartitionReader({
      connection: context.connection,
      topic: name,
      partition,
      from,
      ...room,
      changed: () => this.#changed.wake(),
      failed: (error) => this.#fail(error),
    })
  }

  #startOf(partition: number): ReadStart {
    const { from = "earliest" } = this.#options
    return typeof from === "object" ? (this.#starts!.get(partition) ?? "earliest") : from
  }

  /** Offsets by partition, where they are given or have to be asked for. */
  async #lookUp(): Promise<ReadonlyMap<number, number>> {
    const { from, signal } = this.#options
    const { context, name } = this.#source
    if (typeof from !== "object") return new Map()
    if ("offsets" in from) return new Map(Object.entries(from.offsets).map(([key, offset]) => [Number(key), offset]))
    const timestamp = Number(from.timestamp)
    const { partitions } = await adminTopics(askOf(context.address)).offsets(name, { timestamp }, signal && { signal })
    return new Map(partitions.map(({ partition, offset, endOffset }) => [partition, offset ?? endOffset]))
  }

  /** Where `partitions` end now; null where that does not matter. */
  async #findEnds(partitions: readonly number[]): Promise<number[] | null> {
    if (this.#options.until !== "end") return null
    const { context, name } = this.#source
    return Promise.all(partitions.map((partition) => endOf(context.connection, name, partition)))
  }

  #fail(error: MillraceError): void {
    this.#failure ??= error
    this.#changed.wake()
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}
