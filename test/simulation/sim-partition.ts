import type { PartitionCall } from "../../src/core/group/coordination.ts"
import type { Failure } from "../../src/core/errors.ts"
import type { AppendRow } from "../../src/core/log/append.ts"
import { readRecords } from "../../src/core/log/read.ts"
import { decodeSubmissions, SubmissionWriter } from "../../src/core/log/submission.ts"
import { err, ok, type Result } from "../../src/core/result.ts"
import type {
  CommitReply,
  CommitRequest,
  GrantRequest,
  GroupOffset,
  Owner,
} from "../../src/core/stream/group-commands.ts"
import type { Partition } from "../../src/core/stream/partition.ts"
import type { TopicSettings } from "../../src/core/stream/settings.ts"
import { readRows } from "../../src/objects/partition-reader.ts"
import type { LogStore } from "../../src/store/log-store.ts"
import { PartitionStore } from "../../src/store/partition-store.ts"
import { giveBack, takeDatabase } from "./databases.ts"
import type { Fault } from "./faults.ts"
import { GENERATION, GROUP, type Ledger } from "./ledger.ts"
import { Crash } from "./network.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MAX_READ_BYTES = 1024 * 1024

/** A record as members see it: the `number`th of its key. */
export interface SimRecord {
  readonly offset: number
  readonly key: string
  readonly number: number
}

/** What a partition needs of the world around it. */
export interface PartitionWorld {
  readonly now: () => number
  /** Whether the object ends in the middle of a commit, before or after the write. */
  readonly crash: () => "before" | "after" | null
  readonly fault: Fault | null
  readonly ledger: PartitionLedger
}

/** Who takes down what a partition does. */
export type PartitionLedger = Pick<Ledger, "appended" | "granted" | "committed" | "compare">

/** One partition: the core and the store of the broker, committed and reloaded as its object does. */
export class SimPartition {
  readonly name: string
  readonly index: number
  version: number
  protected readonly world: PartitionWorld
  protected readonly database = takeDatabase("partition")
  #settings: TopicSettings
  #store = new PartitionStore(this.database)
  #partition: Partition

  constructor(world: PartitionWorld, topic: string, index: number, settings: TopicSettings, version: number) {
    this.name = `${topic}/${index}`
    this.index = index
    this.version = version
    this.world = world
    this.#settings = settings
    this.#partition = this.#load()
  }

  get startOffset(): number {
    return this.#partition.startOffset
  }

  get endOffset(): number {
    return this.#partition.endOffset
  }

  /** Throws memory away, as an eviction or a crash does. */
  restart(): void {
    this.#partition = this.#load()
    this.world.ledger.compare(this.name, this.#partition.groups)
  }

  close(): void {
    giveBack("partition", this.database)
  }

  configure(settings: TopicSettings, version: number): void {
    if (version <= this.version) return
    this.version = version
    this.#settings = settings
    this.#store.writeBarriers(this.#partition.applySettings(settings))
  }

  seal(partitions: number): number {
    return this.commit((partition) => partition.seal(partitions))
  }

  trim(offset: number): void {
    this.commit((partition) => partition.trim(offset))
  }

  /** Appends a record, as somebody who knows of `routedBy` partitions. */
  append(key: string, number: number, routedBy: number): Result<number, Failure> {
    const writer = new SubmissionWriter()
    writer.add({
      format: "text",
      value: encoder.encode(String(number)),
      key: encoder.encode(key),
      headers: [],
      producedAt: null,
    })
    const batch = decodeSubmissions(writer.finish())
    const appended = this.commit(
      (partition, now) => partition.append(batch, null, now, routedBy),
      (reply) => {
        if (reply.ok) this.world.ledger.appended(this.name, { offset: reply.value.baseOffset!, key, number })
      },
    )
    return appended.ok ? ok(appended.value.baseOffset!) : appended
  }

  /** Answers a call of the coordinator. */
  serve(call: PartitionCall): Result<GroupOffset | null, Failure> {
    switch (call.kind) {
      case "grant":
        return this.grant({ group: GROUP, generation: GENERATION, ...call.request })
      case "look":
        return ok(this.look(GROUP, GENERATION))
      case "open":
      case "forget":
        throw new Error(`${call.kind} is not for a consumer group that keeps its offsets`)
    }
  }

  grant(request: GrantRequest): Result<GroupOffset, Failure> {
    const { fault, ledger } = this.world
    const isOnlySaid = fault === "grant without fence" && request.memberId !== null
    if (isOnlySaid) return ok({ ...this.look(request.group, request.generation), ...request })
    return this.commit(
      (partition, now) => partition.groups.grant(this.#asked(request), now),
      (granted) => {
        if (granted.ok) ledger.granted(this.name, request, granted.value)
        ledger.compare(this.name, this.#partition.groups)
      },
    )
  }

  look(group: string, generation: number): GroupOffset {
    return this.#partition.groups.offsetOf(group, generation)
  }

  fetch(owner: Owner, offset: number, maxRecords: number): Result<readonly SimRecord[], Failure> {
    const { groups } = this.#partition
    const fenced = groups.check(owner)
    if (fenced) return err(fenced)
    const outside = this.#partition.checkOffset(offset)
    if (outside) return err(outside)
    const limit = this.world.fault === "limit ignored" ? null : groups.limitOf(owner)
    const before = Math.min(limit ?? this.endOffset, this.endOffset)
    const { rows } = readRows(this.#store.log, { offset, maxRecords, maxBytes: MAX_READ_BYTES }, before)
    const { records } = readRecords(rows, offset, maxRecords, before)
    return ok(
      records.map(({ entry, record }): SimRecord => {
        return { offset: entry.offset, key: decoder.decode(record.key!), number: Number(decoder.decode(record.value)) }
      }),
    )
  }

  commitOffset(request: CommitRequest): Result<CommitReply, Failure> {
    const taken = this.world.fault === "commit without owner check" ? this.#asOwner(request) : request
    return this.commit(
      (partition, now) => partition.commitOffset(taken, null, now),
      (committed) => {
        if (committed.ok) this.world.ledger.committed(this.name, request, this.startOffset)
        this.world.ledger.compare(this.name, this.#partition.groups)
      },
    )
  }

  /** Makes a commit look as if its sender were the owner. */
  #asOwner(request: CommitRequest): CommitRequest {
    const { memberId, epoch } = this.look(request.group, request.generation)
    return { ...request, memberId, epoch }
  }

  /** A grant as it is done, which may be another than what was asked for. */
  #asked(request: GrantRequest): GrantRequest {
    return this.world.fault === "new partitions begin at their end" ? { ...request, reset: "latest" } : request
  }

  /** One commit, as the object makes it; `note` runs once it is on disk, whether or not anybody hears of it. */
  protected commit<T>(run: (partition: Partition, now: number) => T, note: (result: T) => void = () => {}): T {
    const now = this.world.now()
    const crash = this.world.crash()
    try {
      const result = this.database.transaction(() => {
        const value = run(this.#partition, now)
        this.#partition.settle(now)
        this.settleMore(now)
        const changes = this.#partition.takeChanges(this.#store.nextSeq(), now)
        if (changes) this.#store.write(changes)
        this.writeMore(changes?.rows ?? [])
        if (crash === "before") throw new Crash()
        return value
      })
      note(result)
      this.noteMore(now)
      if (crash === "after") throw new Crash()
      return result
    } catch (error) {
      if (error instanceof Crash) this.restart()
      throw error
    }
  }

  /** What else is due in a commit. */
  protected settleMore(_now: number): void {}

  /** What else a commit writes, besides these rows of the log. */
  protected writeMore(_rows: readonly AppendRow[]): void {}

  /** What else is known once a commit is on disk. */
  protected noteMore(_now: number): void {}

  /** The core, with the rows of its log. */
  protected get loaded(): { readonly partition: Partition; readonly log: LogStore } {
    return { partition: this.#partition, log: this.#store.log }
  }

  #load(): Partition {
    this.#store = new PartitionStore(this.database)
    return this.#store.load(1, this.#settings, this.index)
  }
}
