import type { Failure } from "../core/errors.ts"
import type { AppendRow } from "../core/log/append.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { MoveRequest } from "../core/queue/commands.ts"
import type { Partition } from "../core/stream/partition.ts"
import type {
  ShareOpenRequest,
  ShareOutcome,
  ShareReceiveReply,
  ShareReceiveRequest,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../core/stream/share/commands.ts"
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
import type {
  CommitReply,
  CommitRequest,
  GrantRequest,
  GroupOffset,
  Owner,
  SeekReply,
  SeekTarget,
} from "../core/stream/group-commands.ts"
import type { CatalogEntry, CatalogStep, PartitionApi, PartitionGroupApi, PartitionShareApi } from "./contract.ts"
import { applyToPartition } from "./partition-operations.ts"
import { type PartitionCommands, PartitionGroupCalls } from "./partition-groups.ts"
import { readFrom } from "./partition-reader.ts"
import { PartitionShares } from "./partition-shares.ts"
import { PartitionSubscriptions } from "./partition-subscriptions.ts"
import { decodeBatch } from "./queue-operations.ts"
import { SocketOutbox } from "./socket-outbox.ts"
import { closeSockets } from "./sockets.ts"

/** One partition of a topic. */
export class PartitionObject
  extends BrokerObject<Partition, TopicSettings>
  implements PartitionApi, PartitionGroupApi, PartitionShareApi
{
  protected readonly resource = "topic"
  protected readonly kind = "partition"
  readonly #store = new PartitionStore(this.database, this.damage)
  readonly #outbox = new SocketOutbox()
  readonly #commands: PartitionCommands = {
    request: (version, command) => this.request(version, command),
    commit: (command) => this.commit(command),
    look: (version, command) => this.#look(version, command),
  }
  readonly #shares = new PartitionShares({
    database: this.database,
    log: this.#store.log,
    outbox: this.#outbox,
    env: this.env,
    commands: this.#commands,
    identity: () => ({ id: this.ctx.id.name ?? "", ...this.path }),
    waitUntil: (work) => this.ctx.waitUntil(work),
    rearm: () => this.rearm(),
  })
  readonly #groups = new PartitionGroupCalls(this.#commands, this.#store.log, (group, generation) =>
    this.#shares.forget(group, generation),
  )
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
    return this.#look(version, (partition) => readFrom(partition, this.#store.log, request))
  }

  async trim(version: number, offset: number): Promise<Result<PartitionStatistics, Failure>> {
    return this.request(version, (partition) => {
      const trimmed = partition.trim(offset)
      if (trimmed.ok) this.#hasGarbage = this.#store.hasGarbage(partition)
      return trimmed
    })
  }

  async offsetAt(version: number, timestamp: number): Promise<Result<OffsetLookup, Failure>> {
    return this.#look(version, (partition) => ok(partition.offsetAt(timestamp)))
  }

  async latest(version: number, key: Uint8Array): Promise<Result<LatestRecord, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    if (failure || !partition || !this.#compaction) return err(failure ?? this.notFound())
    const notFound = { code: "not_found", resource: "record", name: new TextDecoder().decode(key) } as const
    return this.#compaction.latest(partition, key, notFound)
  }

  /** What was appended in the same commit before is below the barrier, what comes after is refused. */
  async seal(incarnation: number, partitions: number): Promise<Result<number, Failure>> {
    return this.commit((partition) => {
      return partition.incarnation === incarnation ? ok(partition.seal(partitions)) : err(this.notFound())
    })
  }

  async grant(version: number, request: GrantRequest): Promise<Result<GroupOffset, Failure>> {
    return this.#groups.grant(version, request)
  }

  async groupOffset(version: number, group: string, generation: number): Promise<Result<GroupOffset, Failure>> {
    return this.#groups.groupOffset(version, group, generation)
  }

  async previewSeek(
    version: number,
    group: string,
    generation: number,
    target: SeekTarget,
  ): Promise<Result<SeekReply, Failure>> {
    return this.#groups.previewSeek(version, group, generation, target)
  }

  async fetchFor(version: number, owner: Owner, request: ReadRequest): Promise<Result<ReadReply, Failure>> {
    return this.#groups.fetchFor(version, owner, request)
  }

  async commitOffset(version: number, request: CommitRequest): Promise<Result<CommitReply, Failure>> {
    return this.#groups.commitOffset(version, request)
  }

  async expireOffset(group: string, generation: number, epoch: number): Promise<Result<null, Failure>> {
    return this.#groups.expireOffset(group, generation, epoch)
  }

  async forgetGroup(group: string, generation: number): Promise<Result<null, Failure>> {
    return this.#groups.forgetGroup(group, generation)
  }

  async shareOpen(version: number, request: ShareOpenRequest): Promise<Result<ShareStatistics, Failure>> {
    return this.#shares.shareOpen(version, request)
  }

  async shareReceive(
    version: number,
    terms: ShareTerms,
    request: ShareReceiveRequest,
  ): Promise<Result<ShareReceiveReply, Failure>> {
    return this.#shares.shareReceive(version, terms, request)
  }

  async shareSettle(
    version: number,
    terms: ShareTerms,
    settlements: readonly ShareSettlement[],
  ): Promise<Result<readonly ShareOutcome[], Failure>> {
    return this.#shares.shareSettle(version, terms, settlements)
  }

  async shareStatistics(version: number, terms: ShareTerms): Promise<Result<ShareStatistics, Failure>> {
    return this.#shares.shareStatistics(version, terms)
  }

  async accept(move: MoveRequest): Promise<Result<number, Failure>> {
    return this.#shares.accept(move)
  }

  override webSocketClose(socket: WebSocket): void {
    this.#socketIsGone(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#socketIsGone(socket)
  }

  protected loadEngine(identity: Identity, settings: TopicSettings): Partition {
    const known = topicWithDefaults(settings)
    const partition = this.#store.load(identity.incarnation, known, this.path.index)
    this.#compaction = new PartitionCompaction(this.database, this.#store.log, partition, known)
    this.#hasGarbage = this.#store.hasGarbage(partition)
    this.#subscriptions = new PartitionSubscriptions()
    const sockets = this.ctx.getWebSockets()
    this.#subscriptions.restore(sockets)
    this.#shares.load(partition, sockets, Date.now())
    return partition
  }

  protected applySettings(partition: Partition, settings: TopicSettings): void {
    const known = topicWithDefaults(settings)
    this.#store.writeBarriers(partition.applySettings(known))
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
    const [subscriptions, shares, outbox] = [this.#subscriptions, this.#shares, this.#outbox]
    applyToPartition({ socket, partition, subscriptions, shares, outbox }, frame, now)
  }

  protected settleCommit(partition: Partition, now: number): void {
    if (partition.settle(now)) this.#hasGarbage = this.#store.hasGarbage(partition)
    this.#shares.settle(now)
    if (!this.#hasGarbage) return this.#compaction?.advance(partition, now)
    this.#store.sweep(partition, (rows) => this.#compaction?.release(rows) ?? rows.length)
    this.#hasGarbage = this.#store.hasGarbage(partition)
  }

  protected writeCommit(partition: Partition, now: number): boolean {
    const changes = partition.takeChanges(this.#store.nextSeq(), now)
    if (changes) {
      this.#store.write(changes)
      this.#compaction?.appended(changes.rows)
      this.#hasGarbage ||= isFirstKept(changes.rows, partition) && this.#store.hasGarbage(partition)
    }
    const hasShared = this.#shares.write(changes?.rows ?? [], now)
    this.#readersHaveMore = this.#subscriptions.pump(partition, this.#store.log, this.#outbox)
    return changes !== null || hasShared
  }

  protected afterCommit(_: Partition, now: number): void {
    this.#subscriptions.save(this.#shares)
    this.#outbox.flush()
    this.#shares.afterCommit(now)
    // a reader far behind gets the next slice in a turn of its own, so that appends come in between
    if (this.#readersHaveMore) void this.commit(() => ok(null))
  }

  protected nextDeadlineAt(partition: Partition): number | null {
    if (this.#hasGarbage) return 0
    const compactionAt = this.#compaction?.nextDeadlineAt(partition) ?? null
    const deadlines = [partition.nextDeadlineAt(), compactionAt, this.#shares.nextDeadlineAt]
    const known = deadlines.filter((at) => at !== null)
    return known.length > 0 ? Math.min(...known) : null
  }

  protected dispose(): void {
    closeSockets(this.ctx, this.notFound())
    this.#subscriptions = new PartitionSubscriptions()
    this.#shares.dispose()
    this.#compaction = null
  }

  #socketIsGone(socket: WebSocket): void {
    this.#subscriptions.removeAll(socket)
    if (this.#shares.countOf(socket) === 0) return
    this.enqueueAnyway({
      run: (engine, now) => {
        if (engine.ok) this.#shares.orphan(socket, now)
      },
      done: () => {},
    })
  }

  /** Answers from what is committed, without waiting for the commit that is being collected. */
  async #look<T>(
    version: number,
    look: (partition: Partition, now: number) => Result<T, Failure>,
  ): Promise<Result<T, Failure>> {
    const failure = await this.checkVersion(version)
    const partition = this.engine
    return failure || !partition ? err(failure ?? this.notFound()) : this.look(() => look(partition, Date.now()))
  }
}

/** Whether the row before these was kept for its counters alone: everything in it was behind the log start. */
function isFirstKept([first]: readonly AppendRow[], { startOffset }: Partition): boolean {
  return first !== undefined && startOffset > 0 && first.baseOffset <= startOffset
}
