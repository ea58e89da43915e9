import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Partition } from "../core/stream/partition.ts"
import { type TopicSettings, topicWithDefaults } from "../core/stream/settings.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import type { Identity } from "../store/identity-store.ts"
import { PartitionCompaction } from "../store/partition-compaction.ts"
import { PartitionStore } from "../store/partition-store.ts"
import { BrokerObject } from "./broker-object.ts"
import type {
  AppendReply,
  AppendTerms,
  LatestRecord,
  OffsetLookup,
  PartitionStatistics,
  ReadReply,
  ReadRequest,
} from "../core/stream/commands.ts"
import type { CatalogEntry, CatalogStep, PartitionApi } from "./contract.ts"
import { applyToPartition } from "./partition-operations.ts"
import { readRows } from "./partition-reader.ts"
import { PartitionSubscriptions } from "./partition-subscriptions.ts"
import { decodeBatch } from "./queue-operations.ts"
import { SocketOutbox } from "./socket-outbox.ts"
import { closeSockets } from "./sockets.ts"

/** One partition of a topic. */
export class PartitionObject extends BrokerObject<Partition, TopicSettings> implements PartitionApi {
  protected readonly resource = "topic"
  protected readonly kind = "partition"
  readonly #store = new PartitionStore(this.database)
  readonly #outbox = new SocketOutbox()
  #subscriptions = new PartitionSubscriptions()
  /** Whether rows wait to be deleted behind the log start. */
  #hasGarbage = false
  #compaction: PartitionCompaction | null = null
  #readersHaveMore = false

  async statistics(version: number): Promise<Result<PartitionStatistics, Failure>> {
    return this.request(version, (partition) => ok(partition.statistics))
  }

  async append(
    version: number,
    submissions: Uint8Array,
    terms: AppendTerms | null,
  ): Promise<Result<AppendReply, Failure>> {
    const batch = decodeBatch(submissions)
    if (!batch) return err({ code: "invalid_request", detail: "damaged batch" })
    return this.request(version, (partition, now) => partition.append(batch, terms, now))
  }

  /** Answers committed records only, without waiting for the commit that is being collected. */
  async read(version: number, request: ReadRequest): Promise<Result<ReadReply, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    if (failure || !partition) return err(failure ?? this.notFound())
    const outside = partition.checkOffset(request.offset)
    if (outside) return err(outside)
    const { incarnation, compactions, startOffset, endOffset } = partition
    const { rows, damaged, nextOffset } = readRows(this.#store.log, request)
    const sealed = nextOffset > request.offset && partition.isSealed(nextOffset)
    return ok({ incarnation, compactions, rows, damaged, nextOffset, startOffset, endOffset, sealed })
  }

  async trim(version: number, offset: number): Promise<Result<PartitionStatistics, Failure>> {
    return this.request(version, (partition) => {
      const trimmed = partition.trim(offset)
      if (trimmed.ok) this.#hasGarbage = this.#store.hasGarbage(partition)
      return trimmed
    })
  }

  async offsetAt(version: number, timestamp: number): Promise<Result<OffsetLookup, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    return failure || !partition ? err(failure ?? this.notFound()) : ok(partition.offsetAt(timestamp))
  }

  async latest(version: number, key: Uint8Array): Promise<Result<LatestRecord, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    if (failure || !partition || !this.#compaction) return err(failure ?? this.notFound())
    const notFound = { code: "not_found", resource: "record", name: new TextDecoder().decode(key) } as const
    return this.#compaction.latest(partition, key, notFound)
  }

  override webSocketClose(socket: WebSocket): void {
    this.#subscriptions.removeAll(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#subscriptions.removeAll(socket)
  }

  protected loadEngine(identity: Identity, settings: TopicSettings): Partition {
    const known = topicWithDefaults(settings)
    const partition = this.#store.load(identity.incarnation, known)
    this.#compaction = new PartitionCompaction(this.database, this.#store.log, partition, known)
    this.#hasGarbage = this.#store.hasGarbage(partition)
    this.#subscriptions = new PartitionSubscriptions()
    this.#subscriptions.restore(this.ctx.getWebSockets())
    return partition
  }

  protected applySettings(partition: Partition, settings: TopicSettings): void {
    const known = topicWithDefaults(settings)
    partition.applySettings(known)
    this.#compaction?.applySettings(partition, known)
  }

  protected async fetchSettings(): Promise<CatalogStep<TopicSettings> | null> {
    const { namespace, name } = this.path
    const entry: Result<CatalogEntry<TopicSettings>, Failure> = await this.env.CATALOG.getByName(namespace).getTopic(
      name,
    )
    return entry.ok ? entry.value : null
  }

  protected applyFrame(socket: WebSocket, partition: Partition, frame: Framed<ToObject>, now: number): void {
    applyToPartition({ socket, partition, subscriptions: this.#subscriptions, outbox: this.#outbox }, frame, now)
  }

  protected settleCommit(partition: Partition, now: number): void {
    if (partition.settle(now)) this.#hasGarbage = this.#store.hasGarbage(partition)
    if (!this.#hasGarbage) return this.#compaction?.advance(partition, now)
    this.#store.sweep(partition, (rows) => this.#compaction?.release(rows) ?? rows.length)
    this.#hasGarbage = this.#store.hasGarbage(partition)
  }

  protected writeCommit(partition: Partition, now: number): boolean {
    const changes = partition.takeChanges(this.#store.nextSeq(), now)
    if (changes) {
      this.#store.write(changes)
      this.#compaction?.appended(changes.rows)
    }
    this.#readersHaveMore = this.#subscriptions.pump(partition, this.#store.log, this.#outbox)
    return changes !== null
  }

  protected afterCommit(): void {
    this.#subscriptions.save()
    this.#outbox.flush()
    // a reader far behind gets the next slice in a turn of its own, so that appends come in between
    if (this.#readersHaveMore) void this.commit(() => ok(null))
  }

  protected nextDeadlineAt(partition: Partition): number | null {
    if (this.#hasGarbage) return 0
    const partitionAt = partition.nextDeadlineAt()
    const compactionAt = this.#compaction?.nextDeadlineAt(partition) ?? null
    if (partitionAt === null || compactionAt === null) return partitionAt ?? compactionAt
    return Math.min(partitionAt, compactionAt)
  }

  protected dispose(): void {
    closeSockets(this.ctx, this.notFound())
    this.#subscriptions = new PartitionSubscriptions()
    this.#compaction = null
  }
}
