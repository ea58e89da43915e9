import { databaseGone } from "../core/database-gone.ts"
import type { Failure, Resource } from "../core/errors.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../core/group/settings.ts"
import { objectName } from "../core/object-name.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../core/queue/settings.ts"
import { err, type Result } from "../core/result.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { callObject, type Repeat } from "./call-object.ts"
import type { CatalogStub, GroupStub, PartitionStub, QueueStub, Scope } from "./env.ts"
import { MetadataCache } from "./metadata.ts"

/** Queues have one shard for now, groups one coordinator. */
export const SHARD = 0

/** What this isolate knows of queues. */
export const queueMetadata = new MetadataCache<QueueSettings>(DEFAULT_QUEUE_SETTINGS, (scope, name) =>
  callCatalog(scope, "idempotent", (catalog) => catalog.getQueue(name)),
)

/** What this isolate knows of topics. */
export const topicMetadata = new MetadataCache<TopicSettings>(DEFAULT_TOPIC_SETTINGS, (scope, name) =>
  callCatalog(scope, "idempotent", (catalog) => catalog.getTopic(name)),
)

/** What this isolate knows of groups. */
export const groupMetadata = new MetadataCache<GroupSettings>(DEFAULT_GROUP_SETTINGS, (scope, name) =>
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
  return withFreshEntry(queueMetadata, scope, { resource: "queue", name }, (entry) =>
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
  return withFreshEntry(groupMetadata, scope, { resource: "group", name }, (entry) =>
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
  return withFreshEntry(topicMetadata, scope, { resource: "topic", name: topic }, async (entry) => {
    if (partition >= entry.settings.partitions) return noSuchPartition(topic, partition)
    return callObject(repeat, () => call(scope.env.PARTITIONS.getByName(object), entry))
  })
}

/** A refused call has done nothing, so it may be made again whether or not it is idempotent. */
async function withFreshEntry<Settings, T>(
  metadata: MetadataCache<Settings>,
  scope: Scope,
  target: { readonly resource: Resource; readonly name: string },
  call: (entry: CatalogEntry<Settings>) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const { resource, name } = target
  const resolved = await metadata.resolve(scope, name)
  if (!resolved.ok) return resolved
  const { entry, cached } = resolved.value
  const first = await call(entry)
  if (first.ok) return first
  // not one of something that it holds, or was asked of
  const isMissing = first.error.code === "not_found" && first.error.resource === resource && first.error.name === name
  if (!isMissing && !mayBeStale(first.error, cached)) return first
  const reloaded = await metadata.reload(scope, name)
  if (!reloaded.ok) return reloaded
  // what was neither deleted nor created anew since the call must be there
  if (isMissing && reloaded.value.incarnation === entry.incarnation) return err(databaseGone(resource, name))
  return call(reloaded.value)
}

function mayBeStale({ code }: Failure, cached: boolean): boolean {
  return code === "stale_metadata" || (code === "not_found" && cached)
}

function noSuchPartition(topic: string, partition: number): Result<never, Failure> {
  return { ok: false, error: { code: "not_found", resource: "partition", name: `${topic}/${partition}` } }
}
