import type { CatalogApi, PartitionApi, QueueApi } from "../objects/contract.ts"

/** What the Worker is deployed with: see wrangler.toml. */
export interface Env {
  readonly QUEUES: DurableObjectNamespace<QueueApi & Rpc.DurableObjectBranded>
  readonly PARTITIONS: DurableObjectNamespace<PartitionApi & Rpc.DurableObjectBranded>
  readonly CATALOG: DurableObjectNamespace<CatalogApi & Rpc.DurableObjectBranded>
  /** The secret every client presents. */
  readonly MILLRACE_TOKEN?: string
  /** `off` serves everyone: for development only. */
  readonly MILLRACE_AUTH?: string
}

/** A queue object as the Worker calls it. */
export type QueueStub = DurableObjectStub<QueueApi & Rpc.DurableObjectBranded>

/** A partition object as the Worker calls it. */
export type PartitionStub = DurableObjectStub<PartitionApi & Rpc.DurableObjectBranded>

/** The catalog object as the Worker calls it. */
export type CatalogStub = DurableObjectStub<CatalogApi & Rpc.DurableObjectBranded>

/** Who asks, once the token is known. The namespace never comes from the URL. */
export interface Caller {
  readonly namespace: string
}

/** What reaching objects takes: where they are, for whom, and what may outlive the answer. */
export interface Scope {
  readonly env: Env
  readonly caller: Caller
  readonly waitUntil: (work: Promise<unknown>) => void
}
