import { expect, test, vi } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { ReadReply } from "../../../src/core/stream/commands.ts"
import type { PartitionApi } from "../../../src/objects/contract.ts"
import { fakeEnv, fakeName, topicEntry } from "./fake-env.ts"
import { request } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `topic-${names++}`
}

function envOf(name: string, partitions: readonly Partial<PartitionApi>[]) {
  return fakeEnv({
    catalog: { getTopic: async () => ok(topicEntry(name, partitions.length)) },
    partitions: Object.fromEntries(partitions.map((partition, index) => [fakeName(name, index), partition])),
  })
}

/** A partition that only counts. */
function counter(): Partial<PartitionApi> {
  let endOffset = 0
  return {
    async append(_version, submissions) {
      const baseOffset = endOffset
      endOffset += decodeSubmissions(submissions).count
      return ok({ baseOffset, appendedAt: 0, repeated: false })
    },
    statistics: async () => ok({ startOffset: 0, endOffset, bytes: 1, lastAppendedAt: 0 }),
  }
}

const EMPTY_READ: ReadReply = {
  incarnation: 1,
  rows: new Uint8Array(),
  damaged: [],
  nextOffset: 4,
  startOffset: 4,
  endOffset: 4,
  compactions: 0,
  sealed: false,
}

test("records go to the partition of their key, or to the one they name, and are answered in order", async () => {
  const name = newName()
  const env = envOf(name, [counter(), counter(), counter()])
  const records = [
    { body: 1, partition: 2 },
    { body: 2, key: "a" },
    { body: 3, partition: 2 },
    { body: 4, key: "a" },
  ]
  const answer = await request(env, "POST", `/v1/topics/${name}/records`, { records })
  expect(answer.status).toBe(200)
  const { records: results } = answer.body as { records: { partition: number; offset: number }[] }
  const ofKey = results[1]!.partition
  expect(results[0]).toEqual({ partition: 2, offset: 0 })
  expect(results[3]).toEqual({ partition: ofKey, offset: results[1]!.offset + 1 })
})

test("records without a key stay together", async () => {
  const name = newName()
  const env = envOf(name, [counter(), counter(), counter()])
  const records = Array.from({ length: 20 }, (_, body) => ({ body }))
  const answer = await request(env, "POST", `/v1/topics/${name}/records`, { records })
  const { records: results } = answer.body as { records: { partition: number }[] }
  expect(new Set(results.map(({ partition }) => partition)).size).toBe(1)
})

test("one partition's failure is its records' problem, and the request's where there is no other", async () => {
  const name = newName()
  const full: Failure = { code: "storage_full" }
  const env = envOf(name, [counter(), { append: async () => err(full) }])
  const records = [
    { body: 1, partition: 1 },
    { body: 2, partition: 0 },
  ]
  const mixed = await request(env, "POST", `/v1/topics/${name}/records`, { records })
  expect(mixed).toMatchObject({
    status: 200,
    body: { records: [{ problem: { code: "storage_full" } }, { partition: 0, offset: 0 }] },
  })
  const single = await request(env, "POST", `/v1/topics/${name}/records`, { body: 1, partition: 1 })
  expect(single).toMatchObject({ status: 507, body: { code: "storage_full" } })
})

test("a partition that the topic does not have is refused, unless it has it by now", async () => {
  const name = newName()
  let partitions = 1
  const env = fakeEnv({
    catalog: { getTopic: async () => ok(topicEntry(name, partitions)) },
    partitions: { [fakeName(name, 0)]: counter(), [fakeName(name, 1)]: counter() },
  })
  const append = () => request(env, "POST", `/v1/topics/${name}/records`, { records: [{ body: 1, partition: 1 }] })
  expect(await append()).toMatchObject({ status: 422, body: { pointer: "/records/0/partition" } })
  partitions = 2
  expect(await append()).toMatchObject({ status: 200, body: { records: [{ partition: 1, offset: 0 }] } })
})

test("earliest begins where the log begins, and latest where it ends", async () => {
  const name = newName()
  const read = vi.fn<PartitionApi["read"]>(async (_version, { offset }) => {
    return offset < 4 ? err({ code: "offset_trimmed", earliestOffset: 4 }) : ok(EMPTY_READ)
  })
  const statistics = async () => ok({ startOffset: 4, endOffset: 9, bytes: 0, lastAppendedAt: 0 })
  const env = envOf(name, [{ read, statistics }])
  const path = `/v1/topics/${name}/partitions/0/records`
  expect(await request(env, "GET", path)).toMatchObject({ status: 200, body: { records: [], nextOffset: 4 } })
  expect(read).toHaveBeenLastCalledWith(1, { offset: 4, maxRecords: 1000, maxBytes: 4 * 1024 * 1024 })
  expect(await request(env, "GET", `${path}?from=latest`)).toMatchObject({ body: { records: [], nextOffset: 9 } })
  expect(await request(env, "GET", `${path}?from=3`)).toMatchObject({
    status: 410,
    body: { code: "offset_trimmed", earliestOffset: 4 },
  })
})

test("damaged rows stand among the records as problems", async () => {
  const name = newName()
  const reply = { ...EMPTY_READ, damaged: [{ firstOffset: 4, lastOffset: 6 }], nextOffset: 7, endOffset: 9 }
  const env = envOf(name, [{ read: async () => ok(reply) }])
  expect(await request(env, "GET", `/v1/topics/${name}/partitions/0/records?from=4`)).toMatchObject({
    status: 200,
    body: { records: [{ offset: 4, lastOffset: 6, problem: { code: "corrupt_batch" } }], nextOffset: 7, endOffset: 9 },
  })
})

test.each([
  ["GET", "/partitions/0/records?from=--1", 422],
  ["GET", "/partitions/0/records?from=soon", 422],
  ["GET", "/partitions/0/records?from=9007199254740992", 422],
  ["GET", "/partitions/0/records?maxRecords=0", 422],
  ["GET", "/partitions/0/records?maxBytes=4194305", 422],
  ["GET", "/partitions/0/records?before=1", 422],
  ["DELETE", "/partitions/0/records", 422],
  ["DELETE", "/partitions/0/records?before=x", 422],
  ["GET", "/partitions/00/records", 400],
  ["GET", "/partitions/a/records", 400],
  ["GET", "/partitions/7/records", 404],
  ["DELETE", "/partitions/7/records?before=1", 404],
])("%s %s is refused", async (method, path, status) => {
  const name = newName()
  expect(await request(envOf(name, [counter()]), method, `/v1/topics/${name}${path}`)).toMatchObject({ status })
})

test("a topic shows its partitions", async () => {
  const name = newName()
  const env = envOf(name, [counter(), counter()])
  await request(env, "POST", `/v1/topics/${name}/records`, { body: 1, partition: 1 })
  expect(await request(env, "GET", `/v1/topics/${name}`)).toMatchObject({
    status: 200,
    body: {
      name,
      settings: { partitions: 2 },
      partitions: [
        { partition: 0, startOffset: 0, endOffset: 0, bytes: 1 },
        { partition: 1, startOffset: 0, endOffset: 1, bytes: 1 },
      ],
    },
  })
})

test.each([
  [{ partitions: 0 }, "/partitions"],
  [{ partitions: 257 }, "/partitions"],
  [{ keyOrder: "strict" }, "/keyOrder"],
  [{ cleanup: null }, "/cleanup"],
  [{ retentionMs: 59_999 }, "/retentionMs"],
  [{ retentionMs: 365 * 24 * 60 * 60 * 1000 + 1 }, "/retentionMs"],
  [{ retentionBytes: 1024 * 1024 - 1 }, "/retentionBytes"],
  [{ retentionBytes: 8 * 1024 ** 3 + 1 }, "/retentionBytes"],
  [{ minCompactionLagMs: -1 }, "/minCompactionLagMs"],
  [{ minCompactionLagMs: null }, "/minCompactionLagMs"],
  [{ deleteRetentionMs: -1 }, "/deleteRetentionMs"],
  [{ deleteRetentionMs: 0.5 }, "/deleteRetentionMs"],
  [{ maxRecordBytes: 0 }, "/maxRecordBytes"],
  [{ maxRecordBytes: 1024 * 1024 + 1 }, "/maxRecordBytes"],
  [{ timestamp: "client" }, "/timestamp"],
  [{ shards: 1 }, "/shards"],
])("[H80] a topic with %j is refused at %s", async (body, pointer) => {
  const answer = await request(fakeEnv({}), "PUT", "/v1/topics/t", body)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})
