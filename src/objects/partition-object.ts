import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import type { Identity } from "../store/identity-store.ts"
import { PartitionStore } from "../store/partition-store.ts"
import { BrokerObject } from "./broker-object.ts"
import type { AppendReply, PartitionStatistics, ReadReply, ReadRequest } from "../core/stream/commands.ts"
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
  #readersHaveMore = false

  async statistics(version: number): Promise<Result<PartitionStatistics, Failure>> {
    return this.request(version, (partition) => ok(partition.statistics))
  }

  async append(version: number, submissions: Uint8Array): Promise<Result<AppendReply, Failure>> {
    const batch = decodeBatch(submissions)
    if (!batch) return err({ code: "invalid_request", detail: "damaged batch" })
    return this.request(version, (partition, now) => partition.append(batch, now))
  }

  /** Answers committed records only, without waiting for the commit that is being collected. */
  async read(version: number, request: ReadRequest): Promise<Result<ReadReply, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    if (failure || !partition) return err(failure ?? this.notFound())
    const outside = partition.checkOffset(request.offset)
    if (outside) return err(outside)
    const { incarnation, startOffset, endOffset } = partition
    const { rows, damaged, nextOffset } = readRows(this.#store.log, request)
    return ok({ rows, damaged, nextOffset, incarnation, startOffset, endOffset })
  }

  async trim(version: number, offset: number): Promise<Result<PartitionStatistics, Failure>> {
    return this.request(version, (partition) => {
      const trimmed = partition.trim(offset)
      if (trimmed.ok) this.#hasGarbage = this.#store.hasGarbage(partition)
      return trimmed
    })
  }

  override webSocketClose(socket: WebSocket): void {
    this.#subscriptions.removeAll(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#subscriptions.removeAll(socket)
  }

  protected loadEngine(identity: Identity): Partition {
    const partition = this.#store.load(identity.incarnation)
    this.#hasGarbage = this.#store.hasGarbage(partition)
    this.#subscriptions = new PartitionSubscriptions()
    this.#subscriptions.restore(this.ctx.getWebSockets())
    return partition
  }

  protected applySettings(): void {
    // nothing of a topic's settings concerns a partition yet
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

  protected settleCommit(partition: Partition): void {
    if (!this.#hasGarbage) return
    this.#store.sweep(partition)
    this.#hasGarbage = this.#store.hasGarbage(partition)
  }

  protected writeCommit(partition: Partition, now: number): boolean {
    const changes = partition.takeChanges(this.#store.nextSeq(), now)
    if (changes) this.#store.write(changes)
    this.#readersHaveMore = this.#subscriptions.pump(partition, this.#store.log, this.#outbox)
    return changes !== null
  }

  protected afterCommit(): void {
    this.#subscriptions.save()
    this.#outbox.flush()
    // a reader far behind gets the next slice in a turn of its own, so that appends come in between
    if (this.#readersHaveMore) void this.commit(() => ok(null))
  }

  protected nextDeadlineAt(): number | null {
    return this.#hasGarbage ? 0 : null
  }

  protected dispose(): void {
    closeSockets(this.ctx, this.notFound())
    this.#subscriptions = new PartitionSubscriptions()
  }
}
