import { expect, test } from "vitest"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import { type AppendRequest, parseAppend } from "../../../src/protocol/native/append-request.ts"
import { routeRequest, sameAppendRules } from "../../../src/protocol/native/append-rules.ts"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"

const topic = (settings: Partial<TopicSettings>): TopicSettings => ({ ...DEFAULT_TOPIC_SETTINGS, ...settings })

function request(value: unknown): AppendRequest {
  const json = parseJsonText(JSON.stringify(value))
  const parsed = json.ok ? parseAppend(json.value) : json
  if (!parsed.ok) throw new Error(parsed.error.code)
  return parsed.value
}

function route(value: unknown, settings: TopicSettings, luck = 0) {
  return routeRequest(request(value), settings, luck)
}

function terms(value: unknown, partitions: number) {
  return route(value, topic({ partitions }))
}

test("a partition that the topic does not have is refused, and says where", () => {
  const records = { records: [{ body: 1 }, { body: 1, partition: 3 }] }
  expect(route(records, topic({ partitions: 4 })).ok).toBe(true)
  expect(route(records, topic({ partitions: 3 }))).toMatchObject({
    error: { code: "invalid_field", pointer: "/records/1/partition" },
  })
  expect(route({ body: 1, partition: 3 }, topic({ partitions: 3 }))).toMatchObject({
    error: { pointer: "/partition" },
  })
})

test("[W50] what stands in a batch is named as that", () => {
  const records = request({ records: [{ body: 1, key: "k" }, { body: 1 }] })
  const refused = { error: { pointer: "/batch/1/key" } }
  expect(routeRequest({ ...records, place: "/batch" }, topic({ cleanup: "compact" }), 0)).toMatchObject(refused)
})

test("[H84] value, key and headers together are within maxRecordBytes", () => {
  const settings = topic({ maxRecordBytes: 10 })
  const records = [
    { body: "123456", key: "k", headers: { a: "bc" } },
    { body: "1234567", key: "k", headers: { a: "bc" } },
  ]
  expect(route(records[0], settings).ok).toBe(true)
  const tooLarge = { code: "payload_too_large", limitBytes: 10 }
  expect(route(records[1], settings)).toEqual({ ok: false, error: tooLarge })
  expect(route({ records }, settings)).toEqual({
    ok: false,
    error: { ...tooLarge, pointer: "/records/1" },
  })
})

test.each(["compact", "both"] as const)("[H84] with cleanup %s every record has a key", (cleanup) => {
  expect(route({ body: 1, key: "" }, topic({ cleanup })).ok).toBe(true)
  expect(route({ body: 1 }, topic({ cleanup: "delete" })).ok).toBe(true)
  expect(route({ body: 1 }, topic({ cleanup }))).toMatchObject({ error: { pointer: "/key" } })
  expect(route({ records: [{ body: 1 }] }, topic({ cleanup }))).toMatchObject({
    error: { pointer: "/records/0/key" },
  })
})

test("[H88] terms are of one partition that the request decides", () => {
  const producer = { id: 1, epoch: 0, sequence: 0 }
  const apart = [
    { body: 1, partition: 0 },
    { body: 1, partition: 1 },
  ]
  expect(terms({ records: apart }, 2).ok).toBe(true)
  expect(terms({ records: apart, producer }, 2)).toMatchObject({ error: { pointer: "/producer" } })
  expect(terms({ records: apart, expectedOffset: 0 }, 2)).toMatchObject({ error: { pointer: "/expectedOffset" } })
  expect(terms({ body: 1, producer }, 2).ok).toBe(true)
  expect(terms({ body: 1, expectedOffset: 0 }, 1).ok).toBe(true)
  expect(terms({ body: 1, expectedOffset: 0 }, 2)).toMatchObject({ error: { pointer: "/expectedOffset" } })
  for (const decided of [{ key: "k" }, { partition: 1 }]) {
    expect(terms({ body: 1, expectedOffset: 0, ...decided }, 2).ok).toBe(true)
  }
})

test("[H88] records that nothing else routes go where luck says, a producer's always to the same partition", () => {
  const producer = { id: 13, epoch: 0, sequence: 0 }
  const partitionOf = (value: unknown, luck: number): number | null => {
    const routed = route(value, topic({ partitions: 8 }), luck)
    return routed.ok ? routed.value[0]!.partition : null
  }
  expect([0, 0.5, 0.999].map((luck) => partitionOf({ body: 1 }, luck))).toEqual([0, 4, 7])
  expect([0, 0.5, 0.999].map((luck) => partitionOf({ body: 1, producer }, luck))).toEqual([5, 5, 5])
})

test("rules are the same where partitions, sizes and the need of a key are", () => {
  const one = topic({})
  expect(sameAppendRules(one, topic({ retentionMs: null, timestamp: "producer" }))).toBe(true)
  expect(sameAppendRules(topic({ cleanup: "compact" }), topic({ cleanup: "both" }))).toBe(true)
  for (const other of [{ partitions: 2 }, { maxRecordBytes: 10 }, { cleanup: "both" }] as const) {
    expect(sameAppendRules(one, topic(other))).toBe(false)
  }
})
