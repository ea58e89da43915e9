import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { checkPartitions, parseAppend } from "../../../src/protocol/native/records.ts"
import { appendSchema } from "../../../src/routes/topics/schemas.ts"
import { base64, body, headers, isVisibleToSchema, nearly, nearlyBatch } from "./near-json.ts"

const record = fc.oneof(
  nearly({ body, key: fc.option(fc.string()), headers, partition: fc.integer({ min: -1, max: 256 }) }),
  nearly({ bodyBase64: base64, key: fc.string() }),
)

function append(value: unknown) {
  const json = parseJsonText(JSON.stringify(value))
  if (!json.ok) throw new Error("not JSON")
  return parseAppend(json.value)
}

test("the parser and the published schema agree on what an append is", () => {
  fc.assert(
    fc.property(fc.oneof(record, nearlyBatch("records", record)), (given) => {
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
  [{ records: [{ body: 1 }, { body: 1, partition: "0" }] }, "/records/1/partition"],
  [{ records: [{}] }, "/records/0/body"],
])("%j is refused at %s", (value, pointer) => {
  expect(append(value)).toMatchObject({ ok: false, error: { code: "invalid_field", pointer } })
})

test("no key and a null key are the same; an empty key is a key", () => {
  const parsed = append({ records: [{ body: 1 }, { body: 1, key: null }, { body: 1, key: "" }] })
  if (!parsed.ok) throw new Error(parsed.error.code)
  expect(parsed.value.records.map(({ record }) => record.key?.length ?? null)).toEqual([null, null, 0])
})

test("a partition that the topic does not have is refused, and says where", () => {
  const parsed = append({ records: [{ body: 1 }, { body: 1, partition: 3 }] })
  if (!parsed.ok) throw new Error(parsed.error.code)
  expect(checkPartitions(parsed.value, 4).ok).toBe(true)
  expect(checkPartitions(parsed.value, 3)).toMatchObject({ error: { pointer: "/records/1/partition" } })
})
