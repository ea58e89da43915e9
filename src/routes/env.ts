import type { Access } from "../core/access/access.ts"
import type {
  AccessKeyApi,
  CatalogApi,
  GroupApi,
  PartitionApi,
  PartitionGroupApi,
  PartitionShareApi,
  QueueApi,
} from "../objects/contract.ts"

/** Everything that a partition answers. */
type WholePartitionApi = PartitionApi & PartitionGroupApi & PartitionShareApi

/** What the Worker is deployed with: see wrangler.toml. */
export interface Env {
  readonly QUEUES: DurableObjectNamespace<QueueApi & Rpc.DurableObjectBranded>
  readonly PARTITIONS: DurableObjectNamespace<WholePartitionApi & Rpc.DurableObjectBranded>
  readonly GROUPS: DurableObjectNamespace<GroupApi & Rpc.DurableObjectBranded>
  readonly CATALOG: DurableObjectNamespace<CatalogApi & Rpc.DurableObjectBranded>
  readonly ACCESS_KEYS: DurableObjectNamespace<AccessKeyApi & Rpc.DurableObjectBranded>
  /** The root secret: whoever presents it may do everything, and make tokens that may do less. */
  readonly MILLRACE_TOKEN?: string
  /** What tokens are signed with, and access keys encrypted, where that is not to be the root secret. */
  readonly MILLRACE_SIGNING_KEY?: string
  /** `off` serves everyone: for development only. */
  readonly MILLRACE_AUTH?: string
  /** `off` lets SQS clients create a queue just deleted, and purge again, without a wait. */
  readonly MILLRACE_SQS_WAITS?: string
}

/** A queue object as the Worker calls it. */
export type QueueStub = DurableObjectStub<QueueApi & Rpc.DurableObjectBranded>

/** A partition object as the Worker calls it. */
export type PartitionStub = DurableObjectStub<WholePartitionApi & Rpc.DurableObjectBranded>

/** The coordinator of a group as the Worker calls it. */
export type GroupStub = DurableObjectStub<GroupApi & Rpc.DurableObjectBranded>

/** The catalog object as the Worker calls it. */
export type CatalogStub = DurableObjectStub<CatalogApi & Rpc.DurableObjectBranded>

/** Who asks, once the token is known. The namespace never comes from the URL. */
export interface Caller {
  readonly namespace: string
  readonly access: Access
  /** When the token ends, in milliseconds since the epoch; null for never. */
  readonly endsAt: number | null
  /** Whether it is the root secret that was presented. */
  readonly isRoot: boolean
}

/** What reaching objects takes: where they are, for whom, and what may outlive the answer. */
export interface Scope {
  readonly env: Env
  readonly caller: Caller
  readonly waitUntil: (work: Promise<unknown>) => void
}
