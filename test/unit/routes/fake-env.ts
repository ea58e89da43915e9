import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { objectName } from "../../../src/core/object-name.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/queue/settings.ts"
import { ok } from "../../../src/core/result.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import type {
  AccessKeyApi,
  CatalogApi,
  CatalogEntry,
  GroupApi,
  PartitionApi,
  PartitionGroupApi,
  PartitionShareApi,
  QueueApi,
} from "../../../src/objects/contract.ts"
import type { Env } from "../../../src/routes/env.ts"

/** The calls that a test answers; any other one fails it. */
export interface Fakes {
  readonly catalog?: Partial<CatalogApi>
  readonly queues?: Readonly<Record<string, Partial<QueueApi>>>
  readonly partitions?: Readonly<Record<string, Partial<PartitionApi & PartitionGroupApi & PartitionShareApi>>>
  readonly groups?: Readonly<Record<string, Partial<GroupApi>>>
  /** The key of an id, kept or not. */
  readonly accessKey?: (accessKeyId: string) => Partial<AccessKeyApi>
}

export const TOKEN = "secret"

/** An environment whose objects are `fakes`, by the names of the default namespace. */
export function fakeEnv({ catalog = {}, queues = {}, partitions = {}, groups = {}, accessKey }: Fakes): Env {
  const namespaces = {
    CATALOG: namespaceOf({ default: catalog }),
    QUEUES: namespaceOf(queues),
    PARTITIONS: namespaceOf(partitions),
    GROUPS: namespaceOf(groups),
    ACCESS_KEYS: accessKey === undefined ? namespaceOf({}) : { getByName: accessKey },
  }
  return { ...(namespaces as unknown as Env), MILLRACE_TOKEN: TOKEN }
}

/** Name of a queue's, partition's or group's object. */
export function fakeName(name: string, index = 0): string {
  return objectName("default", name, index)
}

/** A queue as the catalog answers it. */
export function queueEntry(
  name: string,
  version = 1,
  settings: Partial<QueueSettings> = {},
): CatalogEntry<QueueSettings> {
  return entry(name, version, { ...DEFAULT_QUEUE_SETTINGS, ...settings })
}

/** A topic as the catalog answers it. */
export function topicEntry(
  name: string,
  partitions: number,
  version = 1,
  settings: Partial<TopicSettings> = {},
): CatalogEntry<TopicSettings> {
  return entry(name, version, { ...DEFAULT_TOPIC_SETTINGS, ...settings, partitions })
}

/** A group as the catalog answers it. */
export function groupEntry(
  name: string,
  version = 1,
  settings: Partial<GroupSettings> = {},
): CatalogEntry<GroupSettings> {
  return entry(name, version, { ...DEFAULT_GROUP_SETTINGS, ...settings })
}

/** A catalog that holds one queue. */
export function catalogOf(queue: CatalogEntry<QueueSettings>): Partial<CatalogApi> {
  return { getQueue: async () => ok(queue) }
}

function entry<Settings>(name: string, version: number, settings: Settings): CatalogEntry<Settings> {
  return { name, incarnation: 1, version, settings, createdAt: 1, updatedAt: 2 }
}

function namespaceOf(objects: Readonly<Record<string, object>>) {
  return {
    getByName(name: string): object {
      const object = objects[name]
      if (object === undefined) throw new Error(`no object ${name}`)
      return object
    },
  }
}
