import { expect, test } from "vitest"
import type { GroupDescription } from "../../../src/core/group/commands.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { CatalogApi } from "../../../src/objects/contract.ts"
import { fakeEnv, fakeName, groupEntry } from "./fake-env.ts"
import { request } from "./request.ts"

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `group-${names++}`
}

/** A catalog that creates what it is asked for, and what it was asked. */
function creating(): { readonly patches: Partial<GroupSettings>[]; readonly catalog: Partial<CatalogApi> } {
  const patches: Partial<GroupSettings>[] = []
  const catalog: Partial<CatalogApi> = {
    async putGroup(name, patch) {
      patches.push(patch)
      return ok({ created: patches.length === 1, entry: groupEntry(name, 1, patch) })
    },
  }
  return { patches, catalog }
}

const NOBODY: GroupDescription = { epoch: 0, state: "empty", members: [], topics: [] }

test("[G63] a put creates a group, with its dead letters as the client names them", async () => {
  const name = newName()
  const { patches, catalog } = creating()
  const env = fakeEnv({ catalog })
  const wanted = { type: "share", autoOffsetReset: { durationMs: 60_000 }, deadLetter: { topic: "failures" } }
  const created = await request(env, "PUT", `/v1/groups/${name}`, wanted)
  expect(created.status).toBe(201)
  expect(created.headers.get("Location")).toBe(`/v1/groups/${name}`)
  const settings = { ...DEFAULT_GROUP_SETTINGS, ...wanted }
  expect(created.body).toEqual({ name, settings, createdAt: 1, updatedAt: 2 })
  const again = await request(env, "PUT", `/v1/groups/${name}`, { deadLetter: { queue: "failed" } })
  expect(again).toMatchObject({ status: 200, body: { settings: { deadLetter: { queue: "failed" } } } })
  expect((await request(env, "PUT", `/v1/groups/${name}`, { deadLetter: null })).status).toBe(200)
  expect((await request(env, "PUT", `/v1/groups/${name}`)).status).toBe(200)
  expect(patches).toEqual([
    { ...wanted, deadLetter: { kind: "topic", topic: "failures" } },
    { deadLetter: { kind: "queue", queue: "failed" } },
    { deadLetter: null },
    {},
  ])
})

test.each([
  ["/type", { type: "queue" }],
  ["/assignor", { assignor: "sticky" }],
  ["/sessionTimeoutMs", { sessionTimeoutMs: 999 }],
  ["/heartbeatIntervalMs", { heartbeatIntervalMs: 99 }],
  ["/rebalanceTimeoutMs", { rebalanceTimeoutMs: -1 }],
  ["/autoOffsetReset", { autoOffsetReset: "newest" }],
  ["/autoOffsetReset", { autoOffsetReset: { durationMs: -1 } }],
  ["/offsetRetentionMs", { offsetRetentionMs: 0 }],
  ["/lockDurationMs", { lockDurationMs: 0 }],
  ["/maxDeliveries", { maxDeliveries: 1001 }],
  ["/maxLocks", { maxLocks: 0 }],
  ["/ordering", { ordering: "fifo" }],
  ["/retryDelay", { retryDelay: 5 }],
  ["/deadLetter", { deadLetter: { queue: "a", topic: "b" } }],
  ["/deadLetter", { deadLetter: "failed" }],
  ["/deadLetter", { deadLetter: { kind: "queue", queue: "a" } }],
  ["/generation", { generation: 1 }],
])("[G63] a put with a wrong %s is refused by its pointer: %j", async (pointer, patch) => {
  const { patches, catalog } = creating()
  const refused = await request(fakeEnv({ catalog }), "PUT", `/v1/groups/${newName()}`, patch)
  expect(refused).toMatchObject({ status: 422, body: { code: "invalid_field" } })
  expect((refused.body as { pointer: string }).pointer.startsWith(pointer)).toBe(true)
  expect(patches).toEqual([])
})

test("[G63] a get shows settings, members and what they have; one that was deleted is not found", async () => {
  const name = newName()
  const member = { memberId: "m", instanceId: null, lastHeartbeatAt: 7, partitions: [{ topic: "t", partition: 1 }] }
  const subscription = { topics: ["t"], patterns: ["u*"] }
  const topics = [{ topic: "t", partitions: [{ partition: 1, memberId: "m" }] }]
  const described = { epoch: 4, state: "stable", members: [{ ...member, subscription }], topics } as const
  const env = fakeEnv({
    catalog: { getGroup: async () => ok(groupEntry(name, 3)) },
    groups: { [fakeName(name)]: { describe: async (version) => (version === 3 ? ok(described) : ok(NOBODY)) } },
  })
  const shown = await request(env, "GET", `/v1/groups/${name}`)
  expect(shown.status).toBe(200)
  const settings = DEFAULT_GROUP_SETTINGS
  const members = [{ ...member, ...subscription }]
  const inCatalog = { name, settings, createdAt: 1, updatedAt: 2 }
  expect(shown.body).toEqual({ ...inCatalog, epoch: 4, state: "stable", members, topics })
  const gone = fakeEnv({ catalog: { getGroup: async () => err({ code: "not_found", resource: "group", name: "x" }) } })
  expect(await request(gone, "GET", `/v1/groups/${newName()}`)).toMatchObject({
    status: 404,
    body: { code: "not_found", resource: "group" },
  })
})

test("[G63] a newer version of the settings is learned from the coordinator's refusal", async () => {
  const name = newName()
  let loads = 0
  const env = fakeEnv({
    catalog: { getGroup: async () => ok(groupEntry(name, ++loads)) },
    groups: {
      [fakeName(name)]: {
        describe: async (asked) => (asked === 2 ? ok(NOBODY) : err({ code: "stale_metadata", version: 2 })),
      },
    },
  })
  expect(await request(env, "GET", `/v1/groups/${name}`)).toMatchObject({ status: 200, body: { state: "empty" } })
  expect(loads).toBe(2)
})

test("[G63] groups are listed in pages", async () => {
  const asked: unknown[] = []
  const env = fakeEnv({
    catalog: {
      listGroups: async (page) => {
        asked.push(page)
        return { items: [groupEntry("a"), groupEntry("b", 1, { type: "share" })], cursor: "b" }
      },
    },
  })
  const listed = await request(env, "GET", "/v1/groups?prefix=a&limit=2&cursor=0")
  expect(listed).toMatchObject({
    status: 200,
    body: { groups: [{ name: "a" }, { name: "b", settings: { type: "share" } }], cursor: "b" },
  })
  expect(asked).toEqual([{ prefix: "a", limit: 2, cursor: "0" }])
})

test("[G63] a delete answers 204, and what is in the way is told", async () => {
  const env = (reply: Awaited<ReturnType<CatalogApi["deleteGroup"]>>) =>
    fakeEnv({ catalog: { deleteGroup: async () => reply } })
  expect((await request(env(ok(null)), "DELETE", `/v1/groups/${newName()}`)).status).toBe(204)
  const refused = await request(
    env(err({ code: "unavailable", retryAfterMs: 1000 })),
    "DELETE",
    `/v1/groups/${newName()}`,
  )
  expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } })
})

test("[G63] a name that is none is refused before anybody is asked", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    expect(await request(fakeEnv({}), method, "/v1/groups/-a")).toMatchObject({
      status: 400,
      body: { code: "invalid_name" },
    })
  }
})
