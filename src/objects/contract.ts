import type { StoredAccessKey } from "../core/access/access-key.ts"
import type { Failure } from "../core/errors.ts"
import type {
  MoveRequest,
  QueueStatistics,
  ReceiveReply,
  ReceiveRequest,
  SendReply,
  SettleReply,
  Settlement,
} from "../core/queue/commands.ts"
import type {
  GroupDescription,
  GroupSeekRequest,
  GroupSeekResult,
  HeartbeatRequest,
  JoinRequest,
  MemberView,
} from "../core/group/commands.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import type { OperatorApi } from "../core/queue/operator/commands.ts"
import type { QueuePatch, QueueSettings } from "../core/queue/settings.ts"
import type { Result } from "../core/result.ts"
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
import type { TopicSettings } from "../core/stream/settings.ts"
import type {
  ShareOpenRequest,
  ShareOutcome,
  ShareReceiveReply,
  ShareReceiveRequest,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../core/stream/share/commands.ts"

export { objectName } from "../core/object-name.ts"

/** One step of the catalog, carried to every object of a name; numbers come from the namespace's counter. */
export interface CatalogStep<Settings> {
  /** Identity of this life of the name: receipts, cursors and ETags hold it. */
  readonly incarnation: number
  /** Grows with every change of settings. */
  readonly version: number
  readonly settings: Settings
}

export interface QueueApi extends OperatorApi {
  init(step: CatalogStep<QueueSettings>): Promise<Result<null, Failure>>
  configure(step: CatalogStep<QueueSettings>): Promise<Result<null, Failure>>
  destroy(incarnation: number): Promise<Result<null, Failure>>
  statistics(version: number): Promise<Result<QueueStatistics, Failure>>
  /** `submissions` is encoded by `core/log/submission.ts`. */
  send(version: number, submissions: Uint8Array): Promise<Result<SendReply, Failure>>
  receive(version: number, request: ReceiveRequest): Promise<Result<ReceiveReply, Failure>>
  settle(version: number, settlements: readonly Settlement[]): Promise<Result<SettleReply, Failure>>
  /** Takes frames from another queue's outbox, exactly once. Returns the highest sequence taken. */
  accept(move: MoveRequest): Promise<Result<number, Failure>>
}

export interface PartitionApi {
  init(step: CatalogStep<TopicSettings>): Promise<Result<null, Failure>>
  configure(step: CatalogStep<TopicSettings>): Promise<Result<null, Failure>>
  destroy(incarnation: number): Promise<Result<null, Failure>>
  statistics(version: number): Promise<Result<PartitionStatistics, Failure>>
  append(version: number, submissions: Uint8Array, terms: AppendTerms | null): Promise<Result<AppendReply, Failure>>
  read(version: number, request: ReadRequest): Promise<Result<ReadReply, Failure>>
  /** Drops records before `offset`; the log start moves there. */
  trim(version: number, offset: number): Promise<Result<PartitionStatistics, Failure>>
  /** Where records of `timestamp` and younger begin. */
  offsetAt(version: number, timestamp: number): Promise<Result<OffsetLookup, Failure>>
  /** The newest record of a key in this partition; `not_found` where there is none, `conflict` where nothing is compacted. */
  latest(version: number, key: Uint8Array): Promise<Result<LatestRecord, Failure>>
}

/** What a partition does for consumer groups. */
export interface PartitionGroupApi {
  /** Fences whoever had the partition for the group and gives it to a member or nobody; idempotent. `fenced` for an older epoch or generation. */
  grant(version: number, request: GrantRequest): Promise<Result<GroupOffset, Failure>>
  /** Where the group stands; of another generation nothing is known. */
  groupOffset(version: number, group: string, generation: number): Promise<Result<GroupOffset, Failure>>
  /** Where a seek would lead. */
  previewSeek(
    version: number,
    group: string,
    generation: number,
    target: SeekTarget,
  ): Promise<Result<SeekReply, Failure>>
  /** A read for a member: `fenced` where the partition is not its any more; ends before the grant's limit. */
  fetchFor(version: number, owner: Owner, request: ReadRequest): Promise<Result<ReadReply, Failure>>
  commitOffset(version: number, request: CommitRequest): Promise<Result<CommitReply, Failure>>
  /** Forgets a group that was deleted, of this generation or an older one: consumer or share group. */
  forgetGroup(group: string, generation: number): Promise<Result<null, Failure>>
  /** Forgets the offset of a group that nobody used for long, unless it was used under a greater epoch; it may begin anew. */
  expireOffset(group: string, generation: number, epoch: number): Promise<Result<null, Failure>>
  /** Notes a barrier at the log's end and refuses appends until the settings say `partitions`; idempotent. Answers its offset. */
  seal(incarnation: number, partitions: number): Promise<Result<number, Failure>>
}

/** What a partition does for share groups. All but `shareOpen` answer `share_not_open` where the group has not begun. */
export interface PartitionShareApi {
  shareOpen(version: number, request: ShareOpenRequest): Promise<Result<ShareStatistics, Failure>>
  shareReceive(
    version: number,
    terms: ShareTerms,
    request: ShareReceiveRequest,
  ): Promise<Result<ShareReceiveReply, Failure>>
  /** One outcome per settlement, in order. */
  shareSettle(
    version: number,
    terms: ShareTerms,
    settlements: readonly ShareSettlement[],
  ): Promise<Result<readonly ShareOutcome[], Failure>>
  shareStatistics(version: number, terms: ShareTerms): Promise<Result<ShareStatistics, Failure>>
  /** Takes frames from another object's outbox, exactly once. Returns the highest sequence taken. */
  accept(move: MoveRequest): Promise<Result<number, Failure>>
}

/** The coordinator of one group. */
export interface GroupApi {
  init(step: CatalogStep<GroupSettings>): Promise<Result<null, Failure>>
  configure(step: CatalogStep<GroupSettings>): Promise<Result<null, Failure>>
  /** Has the group forgotten by every partition first. */
  destroy(incarnation: number): Promise<Result<null, Failure>>
  /** Answers once the member has its first partitions, or after a moment without. */
  join(version: number, request: JoinRequest): Promise<Result<MemberView, Failure>>
  /** `not_found` of a member that is out. */
  heartbeat(version: number, request: HeartbeatRequest): Promise<Result<MemberView, Failure>>
  /** A look that does not count as a heartbeat. */
  member(version: number, memberId: string): Promise<Result<MemberView, Failure>>
  leave(version: number, memberId: string): Promise<Result<null, Failure>>
  describe(version: number): Promise<Result<GroupDescription, Failure>>
  seek(version: number, request: GroupSeekRequest): Promise<Result<readonly GroupSeekResult[], Failure>>
  /** The epoch for commits from outside, to these topics; `conflict` while the group has members. */
  standalone(version: number, topics: readonly string[]): Promise<Result<number, Failure>>
  /** Begins a share group in all partitions of a topic; idempotent. */
  attach(version: number, topic: string): Promise<Result<null, Failure>>
}

/** A name as the catalog holds it. */
export interface CatalogEntry<Settings> {
  readonly name: string
  readonly incarnation: number
  readonly version: number
  readonly settings: Settings
  readonly createdAt: number
  readonly updatedAt: number
}
export interface Page<T> {
  readonly items: readonly T[]
  /** Name to continue after, or null at the end. */
  readonly cursor: string | null
}
export interface ListRequest {
  readonly prefix: string
  readonly limit: number
  readonly cursor: string | null
  /** Of queues: only those whose dead letters go there. */
  readonly deadLetterQueue?: string
}
export interface PutReply<Settings> {
  readonly created: boolean
  readonly entry: CatalogEntry<Settings>
}
export interface CatalogApi {
  /**
   * Creates with defaults under `patch`, or alters the fields named in `patch`. Idempotent. With an `expectedVersion`
   * only what has that version still, or for 0 what does not exist; else `stale_metadata`.
   */
  putQueue(
    name: string,
    patch: QueuePatch,
    expectedVersion?: number | null,
  ): Promise<Result<PutReply<QueueSettings>, Failure>>
  getQueue(name: string): Promise<Result<CatalogEntry<QueueSettings>, Failure>>
  listQueues(request: ListRequest): Promise<Page<CatalogEntry<QueueSettings>>>
  deleteQueue(name: string): Promise<Result<null, Failure>>
  /** When a queue of that name was last deleted, of the last `QUEUE_DELETED_MS`; else null. */
  queueDeletedAt(name: string): Promise<number | null>
  putTopic(name: string, patch: Partial<TopicSettings>): Promise<Result<PutReply<TopicSettings>, Failure>>
  getTopic(name: string): Promise<Result<CatalogEntry<TopicSettings>, Failure>>
  listTopics(request: ListRequest): Promise<Page<CatalogEntry<TopicSettings>>>
  deleteTopic(name: string): Promise<Result<null, Failure>>
  putGroup(name: string, patch: Partial<GroupSettings>): Promise<Result<PutReply<GroupSettings>, Failure>>
  getGroup(name: string): Promise<Result<CatalogEntry<GroupSettings>, Failure>>
  listGroups(request: ListRequest): Promise<Page<CatalogEntry<GroupSettings>>>
  deleteGroup(name: string): Promise<Result<null, Failure>>
  /** A producer's id and epoch: with a name, the same id at the next epoch, so that who had it before is fenced. */
  openProducer(name: string | null): Promise<Result<ProducerIdentity, Failure>>
}
export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

/** One access key, in the object of its id. */
export interface AccessKeyApi {
  /** `conflict` where there is one. */
  create(key: StoredAccessKey): Promise<Result<null, Failure>>
  /** `not_found` where there is none; that writes nothing. */
  read(): Promise<Result<StoredAccessKey, Failure>>
  /** Forgets it. */
  remove(): Promise<Result<null, Failure>>
}
