import { expect, test, vi } from "vitest"
import { partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import { MAX_SEALED_POLL_MS, MAX_SEALED_WAIT_MS, SEALED_POLL_MS } from "../../../src/core/limits.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { AppendTerms } from "../../../src/core/stream/commands.ts"
import type { CatalogApi, CatalogEntry, PartitionApi } from "../../../src/objects/contract.ts"
import type { TopicSettings } from "../../../src/core/stream/settings.ts"
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
  return `append-${names++}`
}

/** A topic whose entry may change and whose partitions go by its version, as the objects do. */
class FakeTopic {
  readonly name = newName()
  readonly path = `/v1/topics/${this.name}/records`
  readonly stored: { partition: number; count: number; terms: AppendTerms | null }[] = []
  entry: CatalogEntry<TopicSettings>
  /** How often the catalog was asked. */
  loads = 0
  /** What partitions answer instead of storing anything. */
  reply: Awaited<ReturnType<PartitionApi["append"]>> | null = null

  constructor(partitions: number, settings: Partial<TopicSettings> = {}) {
    this.entry = topicEntry(this.name, partitions, 1, settings)
  }

  alter(partitions: number, settings: Partial<TopicSettings> = {}): void {
    this.entry = topicEntry(this.name, partitions, this.entry.version + 1, settings)
  }

  append(json: unknown, query = "") {
    const partitions: Record<string, Partial<PartitionApi>> = {}
    for (let index = 0; index < 8; index++) partitions[fakeName(this.name, index)] = this.#partition(index)
    const catalog: Partial<CatalogApi> = {
      getTopic: async () => {
        this.loads += 1
        return ok(this.entry)
      },
    }
    return request(fakeEnv({ catalog, partitions }), "POST", this.path + query, json)
  }

  #partition(partition: number): Partial<PartitionApi> {
    return {
      append: async (version, submissions, terms) => {
        if (version !== this.entry.version) return err({ code: "stale_metadata", version: this.entry.version })
        const { reply } = this
        if (reply !== null) return reply
        const baseOffset = this.stored.filter((batch) => batch.partition === partition).length * 100
        this.stored.push({ partition, count: decodeSubmissions(submissions).count, terms })
        return ok({ baseOffset, appendedAt: 0, repeated: false })
      },
    }
  }
}

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"]

test("terms reach the partition, and a plain append has none", async () => {
  const topic = new FakeTopic(1)
  await topic.append({ body: 1 })
  await topic.append({ body: 1, producer: { id: 3, epoch: 1, sequence: 9 }, expectedOffset: 5 })
  expect(topic.stored.map(({ terms }) => terms)).toEqual([
    null,
    { producer: { producerId: 3, epoch: 1, sequence: 9 }, expectedOffset: 5 },
  ])
})

test("[H85] what was stored before says so, with its offsets where they are known", async () => {
  const topic = new FakeTopic(1)
  const json = { records: [{ body: 1 }, { body: 2 }], producer: { id: 3, epoch: 1, sequence: 9 } }
  topic.reply = ok({ baseOffset: 7, appendedAt: 0, repeated: true })
  expect((await topic.append(json)).body).toEqual({
    records: [
      { partition: 0, offset: 7, repeated: true },
      { partition: 0, offset: 8, repeated: true },
    ],
  })
  topic.reply = ok({ baseOffset: null, appendedAt: 0, repeated: true })
  const forgotten = { partition: 0, offset: null, repeated: true }
  expect((await topic.append(json)).body).toEqual({ records: [forgotten, forgotten] })
})

test.each([
  [{ code: "offset_mismatch", endOffset: 4 }, 412],
  [{ code: "sequence_gap", expectedSequence: 4 }, 409],
  [{ code: "fenced", epoch: 4 }, 409],
] as const)("%j is the answer's problem", async (failure, status) => {
  const topic = new FakeTopic(2)
  topic.reply = err(failure)
  expect(await topic.append({ body: 1 })).toMatchObject({ status, body: failure })
})

test("[H88] records of a producer that nothing else routes go to one and the same partition", async () => {
  const topic = new FakeTopic(8)
  for (let sequence = 0; sequence < 20; sequence++) {
    await topic.append({ body: 1, producer: { id: 13, epoch: 0, sequence } })
  }
  expect(topic.stored.map(({ partition }) => partition)).toEqual(Array.from({ length: 20 }, () => 13 % 8))
})

test("[H81] records that were routed by an older count are routed anew, none lost and none twice", async () => {
  const topic = new FakeTopic(2)
  const records = KEYS.map((key) => ({ key, body: key }))
  const old = (await topic.append({ records })).body as { records: { partition: number }[] }
  topic.stored.length = 0
  topic.alter(8)
  const answer = await topic.append({ records })
  expect(answer.status).toBe(200)
  const places = (answer.body as { records: { partition: number }[] }).records.map(({ partition }) => partition)
  expect(topic.stored.reduce((sum, { count }) => sum + count, 0)).toBe(KEYS.length)
  expect(Math.max(...places)).toBeGreaterThan(1)
  expect(old.records.every(({ partition }) => partition < 2)).toBe(true)
  // and what the cache now knows routes in the same way
  expect((await topic.append({ records })).body).toMatchObject({ records: places.map((partition) => ({ partition })) })
})

test("[H81] where only some partitions know the new count, only their records are routed anew", async () => {
  const topic = new FakeTopic(2)
  await topic.append({ body: 0, partition: 0 })
  topic.stored.length = 0
  const [before, after] = [topic.entry, topicEntry(topic.name, 8, 2)]
  let calls = 0
  // the first call finds an object that was not told yet
  const versions = vi.spyOn(topic, "entry", "get").mockImplementation(() => (calls++ === 0 ? before : after))
  const records = [...KEYS.map((key) => ({ key, body: key })), ...KEYS.map((key) => ({ key: `2${key}`, body: key }))]
  const answer = await topic.append({ records })
  versions.mockRestore()
  expect(answer.status).toBe(200)
  expect(topic.stored.reduce((sum, { count }) => sum + count, 0)).toBe(records.length)
  expect(JSON.stringify(answer.body)).not.toContain("problem")
})

test("[S47] while partitions are added an append waits until they are, and then goes where its keys belong", async () => {
  const topic = new FakeTopic(2)
  await topic.append({ body: 0, partition: 0 })
  topic.stored.length = 0
  topic.reply = err({ code: "partition_sealed", retryAfterMs: 1_000 })
  const records = KEYS.map((key) => ({ key, body: key }))
  const answer = topic.append({ records })
  await new Promise((resolve) => setTimeout(resolve, 3 * SEALED_POLL_MS))
  topic.reply = null
  topic.alter(8)
  const { status, body } = await answer
  expect(status).toBe(200)
  expect(JSON.stringify(body)).not.toContain("problem")
  const places = (body as { records: { partition: number }[] }).records.map(({ partition }) => partition)
  expect(places).toEqual(KEYS.map((key) => partitionOfKey(new TextEncoder().encode(key), 8)))
  expect(topic.stored.reduce((sum, { count }) => sum + count, 0)).toBe(KEYS.length)
})

test("[S47] what one partition took is not sent again while another one is sealed", async () => {
  const topic = new FakeTopic(2)
  await topic.append({ body: 0, partition: 0 })
  topic.stored.length = 0
  const sealed = vi.spyOn(topic, "reply", "get")
  let calls = 0
  sealed.mockImplementation(() => (calls++ === 0 ? err({ code: "partition_sealed", retryAfterMs: 1_000 }) : null))
  const records = KEYS.map((key) => ({ key, body: key }))
  expect(await topic.append({ records })).toMatchObject({ status: 200 })
  sealed.mockRestore()
  expect(topic.stored.reduce((sum, { count }) => sum + count, 0)).toBe(KEYS.length)
})

test("[S47] while partitions are added one batch asks for all, and the catalog is left alone", async () => {
  const topic = new FakeTopic(8)
  await topic.append({ body: 0, partition: 0 })
  topic.stored.length = 0
  const sealed = vi.spyOn(topic, "reply", "get")
  let calls = 0
  sealed.mockImplementation(() => (calls++ < 10 ? err({ code: "partition_sealed", retryAfterMs: 1_000 }) : null))
  const loads = topic.loads
  const records = Array.from({ length: 8 }, (_, partition) => ({ body: 1, partition }))
  expect(await topic.append({ records })).toMatchObject({ status: 200 })
  sealed.mockRestore()
  // each once, one of them until it was taken, and then the others
  expect(calls).toBe(8 + 3 + 7)
  expect(topic.loads).toBe(loads)
  expect(new Set(topic.stored.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  expect(topic.stored).toHaveLength(8)
})

test("[S47] one that waits makes few calls, and says in the end that nothing was done", async () => {
  vi.useFakeTimers()
  try {
    const topic = new FakeTopic(2)
    const replies = vi.spyOn(topic, "reply", "get")
    replies.mockImplementation(() => err({ code: "partition_sealed", retryAfterMs: 1_000 }))
    const answer = topic.append({ records: [0, 1].map((partition) => ({ body: 1, partition })) })
    await vi.advanceTimersByTimeAsync(MAX_SEALED_WAIT_MS + 2 * MAX_SEALED_POLL_MS)
    expect(await answer).toMatchObject({ body: { code: "partition_sealed" } })
    expect(replies.mock.calls.length).toBeLessThan(20)
  } finally {
    vi.useRealTimers()
  }
})

test("settings that became stricter on the way refuse what is left", async () => {
  const topic = new FakeTopic(1)
  await topic.append({ body: 1 })
  topic.alter(1, { maxRecordBytes: 3 })
  const limit = { code: "payload_too_large", limitBytes: 3 }
  expect(await topic.append({ body: "long" })).toMatchObject({ status: 413, body: limit })
  topic.alter(1, { cleanup: "compact" })
  expect(await topic.append({ records: [{ body: "long" }] })).toMatchObject({
    status: 422,
    body: { pointer: "/records/0/key" },
  })
  expect(topic.stored).toHaveLength(1)
})

test("[H89] acks=none answers before anything is stored, and refuses what can't be", async () => {
  const topic = new FakeTopic(1)
  expect(await topic.append({ body: 1 }, "?acks=none")).toMatchObject({ status: 202, body: "" })
  await expect.poll(() => topic.stored.length).toBe(1)
  expect(await topic.append({ body: 1, partition: 1 }, "?acks=none")).toMatchObject({ status: 422 })
  expect(await topic.append({ body: 1 }, "?acks=0")).toMatchObject({ status: 422, body: { pointer: "/acks" } })
  topic.reply = err({ code: "storage_full" })
  const log = vi.spyOn(console, "error").mockImplementation(() => {})
  expect(await topic.append({ body: 1 }, "?acks=none")).toMatchObject({ status: 202 })
  await expect.poll(() => log.mock.calls.join()).toContain("storage_full")
  log.mockRestore()
})

test("[H90] a producer is opened with or without a name", async () => {
  const openProducer = vi.fn<CatalogApi["openProducer"]>(async () => ok({ producerId: 4, epoch: 2 }))
  const env = fakeEnv({ catalog: { openProducer } })
  const opened = { status: 200, body: { producerId: 4, epoch: 2 } }
  expect(await request(env, "POST", "/v1/producers", { name: "billing" })).toMatchObject(opened)
  expect(await request(env, "POST", "/v1/producers")).toMatchObject(opened)
  expect(openProducer.mock.calls).toEqual([["billing"], [null]])
  for (const name of ["", "a b", 5, null]) {
    expect(await request(env, "POST", "/v1/producers", { name })).toMatchObject({
      status: 422,
      body: { code: "invalid_field", pointer: "/name" },
    })
  }
})
