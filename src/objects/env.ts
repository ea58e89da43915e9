import type { AccessKeyObject } from "./access-key-object.ts"
import type { CatalogObject } from "./catalog-object.ts"
import type { GroupObject } from "./group-object.ts"
import type { PartitionObject } from "./partition-object.ts"
import type { QueueObject } from "./queue-object.ts"

/** The bindings through which objects reach each other. */
export interface ObjectEnv {
  readonly QUEUES: DurableObjectNamespace<QueueObject>
  readonly PARTITIONS: DurableObjectNamespace<PartitionObject>
  readonly GROUPS: DurableObjectNamespace<GroupObject>
  readonly CATALOG: DurableObjectNamespace<CatalogObject>
  readonly ACCESS_KEYS: DurableObjectNamespace<AccessKeyObject>
}
