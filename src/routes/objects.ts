import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import { objectName } from "../core/object-name.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import type { Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { callObject, type Repeat } from "./call-object.ts"
import type { CatalogStub, GroupStub, PartitionStub, QueueStub, Scope } from "./env.ts"
import { MetadataCache } from "./metadata.ts"

/** Queues have one shard for now, groups one coordinator. */
export const SHARD = 0

/** What this isolate knows of queues. */
export const queueMetadata = new MetadataCache<QueueSettings>((scope, name) =>
  callCatalog(scope, "idempotent", (catalog) => catalog.getQueue(name)),
)

/** What this isolate knows of topics. */
export const topicMetadata = new MetadataCache<TopicSettings>((scope, name) =>
  callCatalog(scope, "idempotent", (catalog) => catalog.getTopic(name)),
)

/** What this isolate knows of groups. */
export const groupMetadata = new MetadataCache<GroupSettings>((scope, name) =>
  callCatalog(scope, "idempotent", (catalog) => catalog.getGroup(name)),
)

/** Calls the catalog of the caller's namespace. */
export function callCatalog<T>(
  scope: Scope,
  repeat: Repeat,
  call: (catalog: CatalogStub) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  return callObject(repeat, () => call(scope.env.CATALOG.getByName(scope.caller.namespace)))
}

/** Calls the object of queue `name`; again with newer settings where it knows some. */
export function callQueue<T>(
  scope: Scope,
  name: string,
  repeat: Repeat,
  call: (queue: QueueStub, entry: CatalogEntry<QueueSettings>) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const object = objectName(scope.caller.namespace, name, SHARD)
  return withFreshEntry(queueMetadata, scope, name, (entry) =>
    callObject(repeat, () => call(scope.env.QUEUES.getByName(object), entry)),
  )
}

/** Calls the coordinator of group `name`; again with newer settings where it knows some. */
export function callGroup<T>(
  scope: Scope,
  name: string,
  repeat: Repeat,
  call: (group: GroupStub, entry: CatalogEntry<GroupSettings>) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const object = objectName(scope.caller.namespace, name, SHARD)
  return withFreshEntry(groupMetadata, scope, name, (entry) =>
    callObject(repeat, () => call(scope.env.GROUPS.getByName(object), entry)),
  )
}

/** Calls the object of one partition of `topic`; again with newer settings where it knows some. */
export function callPartition<T>(
  scope: Scope,
  topic: string,
  partition: number,
  repeat: Repeat,
  call: (partition: PartitionStub, entry: CatalogEntry<TopicSettings>) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const object = objectName(scope.caller.namespace, topic, partition)
  return withFreshEntry(topicMetadata, scope, topic, async (entry) => {
    if (partition >= entry.settings.partitions) return noSuchPartition(topic, partition)
    return callObject(repeat, () => call(scope.env.PARTITIONS.getByName(object), entry))
  })
}

/** A refused call has done nothing, so it may be made again whether or not it is idempotent. */
async function withFreshEntry<Settings, T>(
  metadata: MetadataCache<Settings>,
  scope: Scope,
  name: string,
  call: (entry: CatalogEntry<Settings>) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const resolved = await metadata.resolve(scope, name)
  if (!resolved.ok) return resolved
  const first = await call(resolved.value.entry)
  if (first.ok || !mayBeStale(first.error, resolved.value.cached)) return first
  const entry = await metadata.reload(scope, name)
  return entry.ok ? call(entry.value) : entry
}

function mayBeStale({ code }: Failure, cached: boolean): boolean {
  return code === "stale_metadata" || (code === "not_found" && cached)
}

function noSuchPartition(topic: string, partition: number): Result<never, Failure> {
  return { ok: false, error: { code: "not_found", resource: "partition", name: `${topic}/${partition}` } }
}
