import { partitionOfKey } from "../protocol/native/wire-partition.ts"
import type { Identity } from "./batch.ts"
import type { Connection } from "./connection.ts"
import { Wakeup } from "./consume/wakeup.ts"
import type { Entry } from "./entry.ts"
import type { MillraceError } from "./errors.ts"
import { Lane, type LaneOwner } from "./lane.ts"
import { isPassing } from "./refusals.ts"
import { sleep } from "./timers.ts"

/** What a router needs to know. */
export interface RouterOptions {
  readonly connection: Pick<Connection, "call" | "closing" | "sockets">
  readonly topic: string
  readonly lingerMs: number
  readonly maxBatchBytes: number
  /** What is buffered beyond it waits, and goes to no partition yet. */
  readonly maxBufferedBytes: number
  readonly identify: (isFresh: boolean) => Promise<Identity | null>
  readonly fenced: (error: MillraceError) => void
}

/** How often it is asked whether a topic has more partitions. */
const DESCRIBE_EVERY_MS = 60_000
const RETRY_DESCRIBE_MS = 250

/** Brings records to the partitions of a topic: those of a key to one, in their order, also when partitions are added. */
export class Router {
  readonly #options: RouterOptions
  readonly #lanes = new Map<number, Lane>()
  /** What has no lane yet. */
  readonly #backlog: Entry[] = []
  #partitions = 0
  #describedAt = 0
  #isDescribing = false
  #isRerouting = false
  /** Of what is in lanes, and of what is not yet. */
  #bufferedBytes = 0
  #backlogBytes = 0
  #order = 0
  #keyless = -1
  readonly #changed = new Wakeup()

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /** Takes a record. */
  add(entry: Entry): void {
    entry.order = this.#order++
    this.#backlog.push(entry)
    this.#backlogBytes += entry.bytes
    this.#route()
  }

  /** Resolves when there is room. */
  async ready(): Promise<void> {
    while (this.#bufferedBytes + this.#backlogBytes >= this.#options.maxBufferedBytes) await this.#changed.wait()
  }

  /** Resolves when everything that was added is over. */
  async drain(): Promise<void> {
    while (this.#backlog.length > 0 || this.#bufferedBytes > 0) {
      for (const lane of this.#lanes.values()) lane.flush()
      await this.#changed.wait()
    }
  }

  /** Rejects everything that is not on its way. */
  reject(error: MillraceError): void {
    this.#backlogBytes = 0
    for (const entry of this.#backlog.splice(0)) entry.reject(error)
    for (const lane of this.#lanes.values()) lane.reject(error)
    this.#changed.wake()
  }

  #route(): void {
    if (this.#isRerouting || this.#backlog.length === 0) return
    const isStale = this.#partitions === 0 || Date.now() - this.#describedAt > DESCRIBE_EVERY_MS
    if (isStale && !this.#isDescribing) void this.#look()
    if (this.#partitions === 0) return
    let placed = 0
    for (const entry of this.#backlog) {
      if (this.#bufferedBytes >= this.#options.maxBufferedBytes) break
      placed++
      this.#backlogBytes -= entry.bytes
      if (!entry.isOver) this.#place(entry)
    }
    this.#backlog.splice(0, placed)
    this.#changed.wake()
  }

  #place(entry: Entry): void {
    const { key } = entry.wire
    const partition = entry.partition ?? (key ? partitionOfKey(key, this.#partitions) : this.#nextKeyless())
    this.#bufferedBytes += entry.bytes
    entry.whenOver(() => this.#over(entry))
    this.#lane(partition).add(entry, this.#options.lingerMs)
  }

  #over(entry: Entry): void {
    this.#bufferedBytes -= entry.bytes
    // many at once: to take one from the front of a long list costs as much
    if (this.#bufferedBytes <= this.#options.maxBufferedBytes / 2) this.#route()
    this.#changed.wake()
  }

  /** Records without a key join a batch that is not full, so that few are small; the next goes elsewhere. */
  #nextKeyless(): number {
    if (this.#keyless < 0) this.#keyless = Math.floor(Math.random() * this.#partitions)
    else if (!this.#lane(this.#keyless).hasRoom) this.#keyless++
    return (this.#keyless %= this.#partitions)
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition)
    if (!lane) {
      lane = new Lane(this.#ownerOf(partition))
      this.#lanes.set(partition, lane)
    }
    return lane
  }

  #ownerOf(partition: number): LaneOwner {
    const { connection, topic, maxBatchBytes, identify, fenced } = this.#options
    return {
      connection,
      maxBatchBytes,
      target: () => ({ topic, partition, partitions: this.#partitions }),
      identify,
      fenced,
      sealed: () => this.#hold(),
      quiet: () => this.#rerouteIfQuiet(),
    }
  }

  /** Looks how many partitions there are. */
  async #look(): Promise<void> {
    this.#isDescribing = true
    const partitions = await this.#describe()
    this.#isDescribing = false
    if (this.#isRerouting) return this.#rerouteIfQuiet()
    if (partitions === null) return
    if (this.#partitions > 0 && partitions !== this.#partitions) {
      this.#hold()
      return this.#rerouteIfQuiet()
    }
    this.#partitions = partitions
    this.#route()
  }

  /** The number of partitions, or null where that can't be known and what waits for it is rejected. */
  async #describe(): Promise<number | null> {
    const { connection, topic } = this.#options
    for (;;) {
      try {
        const answer = await connection.call({ type: "describe", topic })
        this.#describedAt = Date.now()
        return answer["partitions"] as number
      } catch (error) {
        if (!isPassing(error as MillraceError)) {
          this.reject(error as MillraceError)
          return null
        }
        await sleep(RETRY_DESCRIBE_MS, connection.closing)
      }
    }
  }

  /** Nothing goes to any partition until all know what is stored: then no record of a key overtakes another. */
  #hold(): void {
    this.#isRerouting = true
    for (const lane of this.#lanes.values()) lane.hold()
  }

  #rerouteIfQuiet(): void {
    const isQuiet = [...this.#lanes.values()].every((lane) => lane.isQuiet)
    if (isQuiet && this.#isRerouting && !this.#isDescribing) void this.#reroute()
  }

  async #reroute(): Promise<void> {
    this.#isDescribing = true
    const partitions = await this.#describe()
    this.#isDescribing = false
    this.#partitions = partitions ?? 0
    const lanes = [...this.#lanes.values()]
    const entries = lanes.flatMap((lane) => lane.takeBack()).sort((a, b) => a.order - b.order)
    for (const entry of entries) {
      this.#bufferedBytes -= entry.bytes
      this.#backlogBytes += entry.bytes
      entry.whenOver(() => {})
    }
    this.#backlog.unshift(...entries)
    this.#isRerouting = false
    for (const lane of lanes) lane.release()
    this.#route()
  }
}
