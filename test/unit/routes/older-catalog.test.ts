import { expect, test } from "vitest"
import { DEFAULT_GROUP_SETTINGS } from "../../../src/core/group/settings.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/queue/settings.ts"
import { ok } from "../../../src/core/result.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../../src/core/stream/settings.ts"
import type { CatalogApi, CatalogEntry } from "../../../src/objects/contract.ts"
import { annotated } from "../../../src/protocol/sqs/annotations.ts"
import { queueMetadata } from "../../../src/routes/objects.ts"
import type { Scope } from "../../../src/routes/env.ts"
import { fakeEnv, groupEntry, queueEntry, topicEntry } from "./fake-env.ts"
import { request } from "./request.ts"

/** An entry whose catalog does not know one of the settings yet. */
function without<Settings extends object>(entry: CatalogEntry<Settings>, setting: keyof Settings): typeof entry {
  const { [setting]: _, ...settings } = entry.settings
  return { ...entry, settings: settings as Settings }
}

const queue = without(queueEntry("older-queue"), "annotations")
const topic = without(topicEntry("older-topic", 1), "timestamp")
const group = without(groupEntry("older-group"), "maxLocks")
const CATALOG: Partial<CatalogApi> = {
  getQueue: async () => ok(queue),
  putQueue: async () => ok({ created: false, entry: queue }),
  listQueues: async () => ({ items: [queue], cursor: null }),
  putTopic: async () => ok({ created: false, entry: topic }),
  listTopics: async () => ({ items: [topic], cursor: null }),
  putGroup: async () => ok({ created: false, entry: group }),
  listGroups: async () => ({ items: [group], cursor: null }),
}
const { growths: _, earlierPartitions: __, ...topicSettings } = DEFAULT_TOPIC_SETTINGS

test.each([
  ["queues", "older-queue", DEFAULT_QUEUE_SETTINGS],
  ["topics", "older-topic", topicSettings],
  ["groups", "older-group", DEFAULT_GROUP_SETTINGS],
])(
  "settings that a catalog of the version before leaves out of %s have their defaults",
  async (kind, name, settings) => {
    const env = fakeEnv({ catalog: CATALOG })
    const put = await request(env, "PUT", `/v1/${kind}/${name}`, {})
    expect(put.body).toMatchObject({ name, settings })
    const listed = await request(env, "GET", `/v1/${kind}`)
    expect(listed.body).toMatchObject({ [kind]: [{ name, settings }] })
  },
)

test("a door that looks for what it keeps with a queue finds nothing there", async () => {
  const scope = { env: fakeEnv({ catalog: CATALOG }), caller: { namespace: "default" } } as unknown as Scope
  const loaded = await queueMetadata.reload(scope, "older-queue")
  expect(loaded.ok && annotated(loaded.value.settings, "Policy")).toBeUndefined()
})
