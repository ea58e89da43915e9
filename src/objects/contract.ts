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
import type { OperatorApi } from "../core/queue/operator/commands.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
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
import type { TopicSettings } from "../core/stream/settings.ts"

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
  /** The newest record of a key; `not_found` where there is none, or it is a tombstone; `conflict` where nothing is compacted. */
  latest(version: number, key: Uint8Array): Promise<Result<LatestRecord, Failure>>
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
}
export interface PutReply<Settings> {
  readonly created: boolean
  readonly entry: CatalogEntry<Settings>
}
export interface CatalogApi {
  /** Creates with defaults under `patch`, or alters the fields named in `patch`. Idempotent. */
  putQueue(name: string, patch: Partial<QueueSettings>): Promise<Result<PutReply<QueueSettings>, Failure>>
  getQueue(name: string): Promise<Result<CatalogEntry<QueueSettings>, Failure>>
  listQueues(request: ListRequest): Promise<Page<CatalogEntry<QueueSettings>>>
  deleteQueue(name: string): Promise<Result<null, Failure>>
  putTopic(name: string, patch: Partial<TopicSettings>): Promise<Result<PutReply<TopicSettings>, Failure>>
  getTopic(name: string): Promise<Result<CatalogEntry<TopicSettings>, Failure>>
  listTopics(request: ListRequest): Promise<Page<CatalogEntry<TopicSettings>>>
  deleteTopic(name: string): Promise<Result<null, Failure>>
  /** A producer's id and epoch: with a name, the same id at the next epoch, so that who had it before is fenced. */
  openProducer(name: string | null): Promise<Result<ProducerIdentity, Failure>>
}
export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}
