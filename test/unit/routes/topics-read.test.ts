import { expect, test, vi } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import type { ReadReply } from "../../../src/core/stream/commands.ts"
import type { PartitionApi } from "../../../src/objects/contract.ts"
import { record, rowsOf } from "../protocol/rows.ts"
import { fakeEnv, fakeName, topicEntry } from "./fake-env.ts"
import { request, send } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))

const RAW = "application/vnd.millrace.batch"
let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `read-${names++}`
}

const REPLY: ReadReply = {
  incarnation: 5,
  compactions: 2,
  rows: rowsOf([record("a", "k"), record("b", null)], 4),
  damaged: [
    { firstOffset: 6, lastOffset: 8 },
    { firstOffset: 11, lastOffset: 11 },
  ],
  nextOffset: 12,
  startOffset: 4,
  endOffset: 20,
  sealed: true,
}

function envOf(name: string, partition: Partial<PartitionApi>, settings: object = {}) {
  const entry = { ...topicEntry(name, 1, 1, settings), incarnation: 5 }
  return fakeEnv({ catalog: { getTopic: async () => ok(entry) }, partitions: { [fakeName(name)]: partition } })
}

test("[H62] damaged rows stand among the records, or are skipped", async () => {
  const name = newName()
  const env = envOf(name, { read: async () => ok(REPLY) })
  const path = `/v1/topics/${name}/partitions/0/records?from=4`
  for (const query of ["", "&damaged=report"]) {
    expect(await request(env, "GET", path + query)).toMatchObject({
      status: 200,
      body: {
        records: [{ offset: 4 }, { offset: 5 }, { offset: 6, lastOffset: 8, problem: {} }, { offset: 11, problem: {} }],
        nextOffset: 12,
      },
    })
  }
  const skipped = await request(env, "GET", `${path}&damaged=skip`)
  expect(skipped.body).toMatchObject({
    records: [
      { offset: 4, body: "a" },
      { offset: 5, body: "b" },
    ],
    nextOffset: 12,
  })
})

test("[H63] raw rows are answered as they are, and what is missing is named", async () => {
  const name = newName()
  const env = envOf(name, { read: async () => ok(REPLY) })
  const answer = await send(env, `/v1/topics/${name}/partitions/0/records?from=4`, { headers: { accept: RAW } })
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": RAW,
    "millrace-next-offset": "12",
    "millrace-end-offset": "20",
    "millrace-incarnation": "5",
    "millrace-damaged": "6-8, 11-11",
    etag: '"5-2-4-12"',
    vary: "Accept",
  })
})

test("[H63] a raw read is bounded by its bytes, and by maxRecords where that is asked for", async () => {
  const name = newName()
  const read = vi.fn<PartitionApi["read"]>(async () => ok(REPLY))
  const env = envOf(name, { read })
  const path = `/v1/topics/${name}/partitions/0/records?from=4`
  const asked = async (query: string) => {
    await send(env, path + query, { headers: { accept: RAW } })
    return read.mock.lastCall?.[1]
  }
  expect(await asked("")).toEqual({ offset: 4, maxRecords: Number.MAX_SAFE_INTEGER, maxBytes: 4 * 1024 * 1024 })
  expect(await asked("&maxRecords=7&maxBytes=9")).toEqual({ offset: 4, maxRecords: 7, maxBytes: 9 })
})

test("[H64] a compaction makes another ETag", async () => {
  const name = newName()
  let compactions = 2
  const env = envOf(name, { read: async () => ok({ ...REPLY, compactions }) })
  const path = `/v1/topics/${name}/partitions/0/records?from=4`
  const ask = () => send(env, path, { headers: { accept: RAW, "if-none-match": '"5-2-4-12"' } })
  expect((await ask()).status).toBe(304)
  compactions = 3
  const changed = await ask()
  expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"5-3-4-12"'])
})

test("[H64] an earlier life is refused also where the object is the first to know of the next", async () => {
  const name = newName()
  let incarnation = 5
  const stale = { code: "stale_metadata", version: 2 } as const
  const env = fakeEnv({
    catalog: { getTopic: async () => ok({ ...topicEntry(name, 1, incarnation - 4), incarnation }) },
    partitions: {
      [fakeName(name)]: {
        read: async (version) => (version < incarnation - 4 ? err(stale) : ok({ ...REPLY, incarnation })),
      },
    },
  })
  const path = `/v1/topics/${name}/partitions/0/records?from=4`
  const ask = () => send(env, path, { headers: { accept: RAW, "if-match": '"5-2-0-4"' } })
  expect((await ask()).status).toBe(200)
  incarnation = 6
  expect(await ask()).toMatchObject({ status: 410, body: { code: "log_recreated" } })
})

test("[H60] a place that the log start passes in between is the log start; an offset is not", async () => {
  const name = newName()
  const read = vi.fn<PartitionApi["read"]>(async (_version, { offset }) =>
    offset < 4 ? err({ code: "offset_trimmed", earliestOffset: 4 }) : ok(REPLY),
  )
  const statistics = async () => ok({ startOffset: 0, endOffset: 20, bytes: 1, lastAppendedAt: 1 })
  const offsetAt = async () => ok({ offset: 1, timestamp: 1 })
  const env = envOf(name, { read, statistics, offsetAt })
  const path = `/v1/topics/${name}/partitions/0/records`
  for (const from of ["earliest", "-18", "@1"]) {
    expect(await request(env, "GET", `${path}?from=${from}`)).toMatchObject({ status: 200 })
    expect(read.mock.lastCall?.[1]).toMatchObject({ offset: 4 })
  }
  expect(await request(env, "GET", `${path}?from=2`)).toMatchObject({ status: 410, body: { code: "offset_trimmed" } })
})

test("[H61] a filtered read looks at more than it answers", async () => {
  const name = newName()
  const read = vi.fn<PartitionApi["read"]>(async () => ok(REPLY))
  const env = envOf(name, { read })
  const path = `/v1/topics/${name}/partitions/0/records?from=4&maxRecords=1&maxBytes=99`
  expect(await request(env, "GET", `${path}&key=k`)).toMatchObject({
    body: { records: [{ offset: 4 }], nextOffset: 5 },
  })
  expect(read.mock.lastCall?.[1]).toEqual({ offset: 4, maxRecords: 10_000, maxBytes: 99 })
  await request(env, "GET", path)
  expect(read.mock.lastCall?.[1]).toEqual({ offset: 4, maxRecords: 1, maxBytes: 99 })
})

test("[H61] [H65] a read that left everything out before the end does not wait, but says where to go on", async () => {
  const name = newName()
  const fetch = vi.fn<() => Promise<Response>>(async () => new Response(null, { status: 500 }))
  const partition = { read: async () => ok({ ...REPLY, damaged: [] }), fetch }
  const env = envOf(name, partition)
  const answer = await request(env, "GET", `/v1/topics/${name}/partitions/0/records?from=4&key=none&waitMs=60000`)
  expect(fetch).not.toHaveBeenCalled()
  expect(answer.body).toEqual({ records: [], nextOffset: 12, endOffset: 20 })
})

test("[H82] a topic with its producers' time shows that of a record that has one", async () => {
  const name = newName()
  const rows = rowsOf([{ ...record("a", null), producedAt: 77 }, record("b", null)], 4)
  const env = envOf(name, { read: async () => ok({ ...REPLY, rows, damaged: [] }) }, { timestamp: "producer" })
  const answer = await request(env, "GET", `/v1/topics/${name}/partitions/0/records?from=4`)
  expect(answer.body).toMatchObject({ records: [{ timestamp: 77 }, { timestamp: 1000 }] })
})

test("[H66] each partition has an equal share of the limits", async () => {
  const name = newName()
  const read = vi.fn<PartitionApi["read"]>(async () => ok(REPLY))
  const env = fakeEnv({
    catalog: { getTopic: async () => ok(topicEntry(name, 3)) },
    partitions: Object.fromEntries([0, 1, 2].map((index) => [fakeName(name, index), { read }])),
  })
  await request(env, "GET", `/v1/topics/${name}/records?from=4&maxRecords=10&maxBytes=2`)
  expect(read.mock.calls.map(([, asked]) => asked)).toEqual(
    [0, 1, 2].map(() => ({ offset: 4, maxRecords: 3, maxBytes: 1 })),
  )
})

test("[H72] a damaged record of a key is named", async () => {
  const name = newName()
  const latest = vi.fn<PartitionApi["latest"]>(async () =>
    ok({
      offset: 8,
      appendedAt: 1,
      frame: new Uint8Array([1, 2, 3, 4, 5, 6]),
      isTombstone: false,
      appendedBefore: null,
    }),
  )
  const answer = await request(envOf(name, { latest }), "GET", `/v1/topics/${name}/keys/a%2Fb`)
  expect(answer).toMatchObject({ status: 500, body: { code: "corrupt_batch", firstOffset: 8, lastOffset: 8 } })
  expect(latest.mock.lastCall?.[1]).toEqual(new TextEncoder().encode("a/b"))
})
