import { DEFAULT_GROUP_SETTINGS } from "../../../src/core/group/settings.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/queue/settings.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../../src/core/stream/settings.ts"
import { AccessKeyObject } from "../../../src/objects/access-key-object.ts"
import { CatalogObject } from "../../../src/objects/catalog-object.ts"
import { GroupObject } from "../../../src/objects/group-object.ts"
import { PartitionObject } from "../../../src/objects/partition-object.ts"
import { QueueObject } from "../../../src/objects/queue-object.ts"
import { app } from "../../../src/routes/app.ts"
import { MetadataCache } from "../../../src/routes/metadata.ts"
import { callCatalog, groupMetadata, queueMetadata, topicMetadata } from "../../../src/routes/objects.ts"
import { currentHost, type Host } from "./host.ts"
import type { ObjectClass } from "./instance.ts"
import type { WorkerProgram } from "./sim-worker.ts"

/** The objects behind each binding, as in wrangler.toml. */
export const OBJECTS: Readonly<Record<string, ObjectClass>> = {
  QUEUES: QueueObject as unknown as ObjectClass,
  PARTITIONS: PartitionObject as unknown as ObjectClass,
  GROUPS: GroupObject as unknown as ObjectClass,
  CATALOG: CatalogObject as unknown as ObjectClass,
  ACCESS_KEYS: AccessKeyObject as unknown as ObjectClass,
}

/** Everything but the namespaces of objects. Tokens are other tests' business. */
export const SETTINGS = { MILLRACE_AUTH: "off" } as const

export const WORKER: WorkerProgram = {
  fetch: (request, env, context) => app.fetch(request, env, context),
}

/** What a Worker knows of names: all that it holds in memory besides requests and sockets. */
class Memory {
  readonly queues = new MetadataCache(DEFAULT_QUEUE_SETTINGS, (scope, name) =>
    callCatalog(scope, "idempotent", (catalog) => catalog.getQueue(name)),
  )
  readonly topics = new MetadataCache(DEFAULT_TOPIC_SETTINGS, (scope, name) =>
    callCatalog(scope, "idempotent", (catalog) => catalog.getTopic(name)),
  )
  readonly groups = new MetadataCache(DEFAULT_GROUP_SETTINGS, (scope, name) =>
    callCatalog(scope, "idempotent", (catalog) => catalog.getGroup(name)),
  )
}

const memories = new WeakMap<Host, Memory>()

splitUp(queueMetadata, ({ queues }) => queues)
splitUp(topicMetadata, ({ topics }) => topics)
splitUp(groupMetadata, ({ groups }) => groups)

/** Has each Worker of a run use a cache of its own: the module's would be that of all Workers of all runs. */
function splitUp<Settings>(cache: MetadataCache<Settings>, of: (memory: Memory) => MetadataCache<Settings>): void {
  cache.resolve = (...values) => of(memoryOf(currentHost())).resolve(...values)
  cache.reload = (...values) => of(memoryOf(currentHost())).reload(...values)
  cache.store = (...values) => of(memoryOf(currentHost())).store(...values)
  cache.forget = (...values) => of(memoryOf(currentHost())).forget(...values)
}

function memoryOf(host: Host | null): Memory {
  if (host === null) throw new Error("only Workers remember names")
  const memory = memories.get(host) ?? new Memory()
  memories.set(host, memory)
  return memory
}
