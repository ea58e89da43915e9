import { expect, test, vi } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import type { Redrive } from "../../../src/core/queue/operator/commands.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { CatalogApi, QueueApi } from "../../../src/objects/contract.ts"
import { fakeEnv, fakeName, queueEntry } from "./fake-env.ts"
import { envOf, NO_FILTER } from "./operated.ts"
import { request } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `redriven-${names++}`
}

test("a purge goes on until there is no more", async () => {
  const name = newName()
  const cursor = { offset: 1, endOffset: 2, endMessageId: 3, scheduled: null }
  const purge = vi.fn<QueueApi["purge"]>(async (_version, { cursor: from }) => {
    return ok({ removed: 10, cursor: from === null ? cursor : null })
  })
  const env = envOf(name, { purge })
  const all = await request(env, "DELETE", `/v1/queues/${name}/messages`)
  expect(all).toMatchObject({ status: 200, body: { removed: 20 } })
  const states = ["ready", "in_flight", "delayed", "scheduled"]
  expect(purge.mock.calls.map(([, asked]) => asked)).toEqual([
    { states, filter: NO_FILTER, cursor: null },
    { states, filter: NO_FILTER, cursor },
  ])
  await request(env, "DELETE", `/v1/queues/${name}/messages?state=scheduled,ready&reason=expired`)
  expect(purge).toHaveBeenLastCalledWith(1, {
    states: ["ready", "scheduled"],
    filter: { ...NO_FILTER, reason: "expired" },
    cursor,
  })
})

test.each([
  ["state=", "/state"],
  ["state=ready,gone", "/state"],
  ["limit=5", "/limit"],
  ["header=a", "/header"],
])("a purge with %s is refused at %s", async (query, pointer) => {
  const name = newName()
  const answer = await request(envOf(name, {}), "DELETE", `/v1/queues/${name}/messages?${query}`)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})

test("a purge does not go on in another life of the queue", async () => {
  const name = newName()
  let lives = 1
  const getQueue: CatalogApi["getQueue"] = async () => ok({ ...queueEntry(name, lives), incarnation: lives })
  const purge = vi.fn<QueueApi["purge"]>(async (version) => {
    if (version < lives) return err({ code: "stale_metadata", version: lives })
    lives = 2
    return ok({ removed: 1, cursor: { offset: 1, endOffset: 2, endMessageId: 3, scheduled: null } })
  })
  const env = fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: { purge } } })
  const answer = await request(env, "DELETE", `/v1/queues/${name}/messages`)
  expect(answer).toMatchObject({ status: 410, body: { code: "log_recreated" } })
})

test("a purge that begins with what is remembered of an earlier life goes on in this one", async () => {
  const name = newName()
  let life = 1
  const getQueue: CatalogApi["getQueue"] = async () => ok({ ...queueEntry(name, life), incarnation: life })
  const purge = vi.fn<QueueApi["purge"]>(async (version, { cursor }) => {
    if (version < life) return err({ code: "stale_metadata", version: life })
    const next = { offset: 1, endOffset: 2, endMessageId: 3, scheduled: null }
    return ok({ removed: 1, cursor: cursor === null ? next : null })
  })
  const env = fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: { purge } } })
  const path = `/v1/queues/${name}/messages`
  expect(await request(env, "DELETE", path)).toMatchObject({ status: 200, body: { removed: 2 } })
  life = 2
  expect(await request(env, "DELETE", path)).toMatchObject({ status: 200, body: { removed: 2 } })
})

function redrive(some: Partial<Redrive> = {}): Redrive {
  return {
    no: 3,
    state: "running",
    queue: null,
    filter: NO_FILTER,
    maxMessagesPerSecond: null,
    offset: 10,
    endOffset: 100,
    moved: 8,
    skipped: 2,
    startedAt: 1,
    updatedAt: 2,
    ...some,
  }
}

test("a redrive begins, is shown, and ends when it is told to", async () => {
  const name = newName()
  const startRedrive = vi.fn<QueueApi["startRedrive"]>(async (_version, asked) => ok(redrive(asked)))
  const redrives: QueueApi["redrives"] = async () => ok([redrive(), redrive({ no: 2, state: "done", offset: 101 })])
  const cancelRedrive: QueueApi["cancelRedrive"] = async () => ok(redrive({ state: "cancelled" }))
  const env = envOf(name, { startRedrive, redrives, cancelRedrive }, { other: {} })
  const path = `/v1/queues/${name}/redrive`
  const shown = { id: 3, state: "running", moved: 8, skipped: 2, remaining: 90, startedAt: 1, updatedAt: 2 }
  const nothing = { queue: null, filter: {}, maxMessagesPerSecond: null }
  expect(await request(env, "POST", path)).toMatchObject({ status: 202, body: { ...shown, ...nothing } })
  expect(startRedrive).toHaveBeenLastCalledWith(1, { ...nothing, filter: NO_FILTER })
  const header = { name: "a", value: "" }
  const asked = { queue: "other", filter: { reason: "expired", header, sentAfter: 5 }, maxMessagesPerSecond: 10 }
  const begun = await request(env, "POST", path, asked)
  expect(begun.body).toEqual({ ...shown, ...asked })
  expect(startRedrive).toHaveBeenLastCalledWith(1, { ...asked, filter: { ...NO_FILTER, ...asked.filter } })
  expect(await request(env, "GET", path)).toMatchObject({
    status: 200,
    body: { redrives: [shown, { id: 2, state: "done", remaining: 0 }] },
  })
  expect(await request(env, "DELETE", path)).toMatchObject({ status: 200, body: { ...shown, state: "cancelled" } })
})

test("a redrive while one runs is a conflict, and none can't be ended", async () => {
  const name = newName()
  const missing: Failure = { code: "not_found", resource: "redrive", name }
  const env = envOf(name, {
    startRedrive: async () => err({ code: "conflict", detail: "one is running" }),
    cancelRedrive: async () => err(missing),
  })
  const path = `/v1/queues/${name}/redrive`
  expect(await request(env, "POST", path)).toMatchObject({ status: 409, body: { code: "conflict" } })
  expect(await request(env, "DELETE", path)).toMatchObject({ status: 404, body: { resource: "redrive" } })
})

test.each([
  [{ queue: "none" }, "/queue"],
  [{ queue: "in-order" }, "/queue"],
  [{ queue: "" }, "/queue"],
  [{ filter: null }, "/filter"],
  [{ filter: { reason: "x" } }, "/filter/reason"],
  [{ filter: { header: "a:b" } }, "/filter/header"],
  [{ filter: { header: { name: "a" } } }, "/filter/header/value"],
  [{ filter: { since: 1 } }, "/filter/since"],
  [{ filter: { sentBefore: 1.5 } }, "/filter/sentBefore"],
  [{ maxMessagesPerSecond: 0 }, "/maxMessagesPerSecond"],
  [{ maxMessagesPerSecond: 10_001 }, "/maxMessagesPerSecond"],
  [{ limit: 1 }, "/limit"],
])("a redrive of %j is refused at %s", async (body, pointer) => {
  const name = newName()
  const env = envOf(name, {}, { "in-order": { ordering: "fifo" } })
  const answer = await request(env, "POST", `/v1/queues/${name}/redrive`, body)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})
