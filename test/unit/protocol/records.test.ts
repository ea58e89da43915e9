import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { type AppendRequest, parseAppend } from "../../../src/protocol/native/append-request.ts"
import { appendSchema } from "../../../src/routes/topics/append-schemas.ts"
import { base64, body, headers, isVisibleToSchema, nearly } from "./near-json.ts"

const timestamp = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })
const partition = fc.integer({ min: -1, max: 256 })
const producer = nearly({ id: fc.nat(), epoch: fc.nat(), sequence: fc.integer({ min: -1 }) })
const terms = { producer, expectedOffset: fc.nat() }

const record = fc.oneof(
  nearly({ body, key: fc.option(fc.string()), headers, partition, timestamp }),
  nearly({ bodyBase64: base64, key: fc.string() }),
  nearly({ tombstone: fc.constant(true), key: fc.string(), headers, partition, timestamp }),
)
const single = fc.oneof(record, nearly({ body, key: fc.string(), ...terms }))
const batch = nearly({ records: fc.array(record, { maxLength: 3 }), ...terms })

function append(value: unknown) {
  const json = parseJsonText(JSON.stringify(value))
  if (!json.ok) throw new Error("not JSON")
  return parseAppend(json.value)
}

test("the parser and the published schema agree on what an append is", () => {
  fc.assert(
    fc.property(fc.oneof(single, batch), (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown
      fc.pre(isVisibleToSchema(value))
      expect(append(value).ok).toBe(safeParse(appendSchema, value).success)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  [{ body: 1, groupId: "a" }, "/groupId"],
  [{ body: 1, key: 1 }, "/key"],
  [{ body: 1, partition: 256 }, "/partition"],
  [{ body: 1, partition: 0.5 }, "/partition"],
  [{ body: 1, timestamp: -1 }, "/timestamp"],
  [{ body: 1, timestamp: "2026-01-01" }, "/timestamp"],
  [{ body: 1, timestamp: 8_640_000_000_000_001 }, "/timestamp"],
  [{ key: "a", tombstone: false }, "/tombstone"],
  [{ key: "a", tombstone: true, body: null }, "/body"],
  [{ key: "a", tombstone: true, bodyBase64: "" }, "/bodyBase64"],
  [{ tombstone: true }, "/key"],
  [{ tombstone: true, key: null }, "/key"],
  [{ body: 1, expectedOffset: -1 }, "/expectedOffset"],
  [{ body: 1, expectedOffset: null }, "/expectedOffset"],
  [{ body: 1, producer: 7 }, "/producer"],
  [{ body: 1, producer: { epoch: 0, sequence: 0 } }, "/producer/id"],
  [{ body: 1, producer: { id: 1, epoch: -1, sequence: 0 } }, "/producer/epoch"],
  [{ body: 1, producer: { id: 1, epoch: 0, sequence: 0.5 } }, "/producer/sequence"],
  [{ body: 1, producer: { id: 1, epoch: 0, sequence: 0, name: "p" } }, "/producer/name"],
  [{ records: [{ body: 1, expectedOffset: 0 }] }, "/records/0/expectedOffset"],
  [{ records: [{ body: 1 }, { body: 1, partition: "0" }] }, "/records/1/partition"],
  [{ records: [{}] }, "/records/0/body"],
])("%j is refused at %s", (value, pointer) => {
  expect(append(value)).toMatchObject({ ok: false, error: { code: "invalid_field", pointer } })
})

function parsed(value: unknown): AppendRequest {
  const request = append(value)
  if (!request.ok) throw new Error(request.error.code)
  return request.value
}

test("no key and a null key are the same; an empty key is a key", () => {
  const { records } = parsed({ records: [{ body: 1 }, { body: 1, key: null }, { body: 1, key: "" }] })
  expect(records.map(({ record }) => record.key?.length ?? null)).toEqual([null, null, 0])
})

test("a record keeps its producer's time, and a tombstone has no value", () => {
  const { records, terms } = parsed({
    records: [{ body: 1 }, { body: 1, timestamp: 0 }, { key: "a", tombstone: true }],
  })
  expect(records.map(({ record }) => record.producedAt)).toEqual([null, 0, null])
  expect(records[2]!.record).toMatchObject({ format: "tombstone", value: new Uint8Array() })
  expect(terms).toBeNull()
})

test("terms stand beside one record or a batch", () => {
  const producer = { id: 7, epoch: 1, sequence: 5 }
  const batch = { producerId: 7, epoch: 1, sequence: 5 }
  expect(parsed({ body: 1, producer })).toMatchObject({
    single: true,
    terms: { producer: batch, expectedOffset: null },
  })
  expect(parsed({ records: [{ body: 1 }], producer, expectedOffset: 0 })).toMatchObject({
    single: false,
    terms: { producer: batch, expectedOffset: 0 },
  })
})
