import type { PartitionApi, PartitionGroupApi, PartitionShareApi, QueueApi } from "../../src/objects/contract.ts"
import type { Env } from "../../src/routes/env.ts"
import type { Awakened, Metered } from "./metered.ts"
import type { BareObject, CountObject, NoopObject, StreamObject } from "./peers.ts"
import type { SocketObject } from "./socket-peer.ts"

type WholePartitionApi = PartitionApi & PartitionGroupApi & PartitionShareApi

/** What the benchmark's Worker is deployed with. */
export interface BenchEnv extends Env {
  readonly QUEUES: DurableObjectNamespace<QueueApi & Metered & Awakened & Rpc.DurableObjectBranded>
  readonly PARTITIONS: DurableObjectNamespace<WholePartitionApi & Metered & Rpc.DurableObjectBranded>
  readonly NOOPS: DurableObjectNamespace<NoopObject>
  readonly COUNTS: DurableObjectNamespace<CountObject>
  readonly BARES: DurableObjectNamespace<BareObject>
  readonly STREAMS: DurableObjectNamespace<StreamObject>
  readonly SOCKETS: DurableObjectNamespace<SocketObject>
}
