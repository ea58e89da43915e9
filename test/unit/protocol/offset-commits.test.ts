import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import { commitResultsJson, parseCommits, parseMemberId } from "../../../src/protocol/native/offset-commits.ts"
import { commitSchema } from "../../../src/routes/groups/offset-schemas.ts"
import { isVisibleToSchema, nearly, nearlyBatch } from "./near-json.ts"

const MEMBER = "3f0c2d1e-0a7b-4d4e-9a4b-1f5a1c1d2e3f"

const number = fc.constantFrom(0, 1, 255, 256, -1, 0.5, 2 ** 53)
const record = nearly({ body: fc.string(), key: fc.string() })
const plain = {
  topic: fc.constantFrom("t", "u", "not a name"),
  partition: number,
  offset: number,
  metadata: fc.string(),
}
const producer = nearly({ id: number, epoch: number, sequence: number })
const entry = fc.oneof(
  nearly(plain),
  nearly({ ...plain, epoch: number }),
  nearly({ ...plain, epoch: number, records: fc.array(record, { maxLength: 2 }), producer }),
)

/** What no schema can see. */
function namesAPartitionTwice(value: unknown): boolean {
  const offsets = (value as { offsets?: unknown } | null)?.offsets
  if (!Array.isArray(offsets)) return false
  const places = offsets.map((one: { topic?: unknown; partition?: unknown } | null) => {
    return JSON.stringify([one?.topic, one?.partition])
  })
  return new Set(places).size < places.length
}

test("the parser and the published schema agree on commits", () => {
  const given = fc.oneof(
    nearlyBatch("offsets", entry),
    nearly({ memberId: fc.constant(MEMBER), offsets: fc.array(entry) }),
  )
  fc.assert(
    fc.property(given, (sent) => {
      const text = JSON.stringify(sent)
      const value = JSON.parse(text) as unknown
      fc.pre(isVisibleToSchema(value) && !namesAPartitionTwice(value))
      expect(parseCommits(text, value).ok).toBe(safeParse(commitSchema, value).success)
    }),
    { numRuns: 2000 },
  )
})

test("[H100] a commit of a member, and one from outside", () => {
  expect(
    parse({ memberId: MEMBER, offsets: [{ topic: "t", partition: 1, epoch: 7, offset: 9, metadata: "half" }] }),
  ).toEqual(
    ok({
      memberId: MEMBER,
      offsets: [{ topic: "t", partition: 1, epoch: 7, offset: 9, metadata: "half", records: null, terms: null }],
    }),
  )
  expect(parse({ offsets: [{ topic: "t", partition: 0, offset: 0 }] })).toEqual(
    ok({
      memberId: null,
      offsets: [{ topic: "t", partition: 0, epoch: null, offset: 0, metadata: "", records: null, terms: null }],
    }),
  )
})

test.each([
  ["/memberId", { memberId: "", offsets: [{ topic: "t", partition: 0, epoch: 1, offset: 0 }] }],
  ["/offsets", {}],
  ["/offsets", { offsets: [] }],
  ["/offsets", { offsets: Array.from({ length: 257 }, (_, offset) => ({ topic: "t", partition: 0, offset })) }],
  ["/offsets/0", { offsets: [1] }],
  ["/offsets/0/topic", { offsets: [{ topic: "a b", partition: 0, offset: 0 }] }],
  ["/offsets/0/partition", { offsets: [{ topic: "t", partition: 256, offset: 0 }] }],
  ["/offsets/0/offset", { offsets: [{ topic: "t", partition: 0, offset: -1 }] }],
  ["/offsets/0/metadata", { offsets: [{ topic: "t", partition: 0, offset: 0, metadata: "x".repeat(4097) }] }],
  [
    "/offsets/0/producer",
    { offsets: [{ topic: "t", partition: 0, offset: 0, producer: { id: 1, epoch: 0, sequence: 0 } }] },
  ],
  ["/offsets/0/expectedOffset", { offsets: [{ topic: "t", partition: 0, offset: 0, expectedOffset: 0 }] }],
  ["/offsets/0/records", { offsets: [{ topic: "t", partition: 0, offset: 0, records: [] }] }],
  [
    "/offsets/0/records/1/tombstone",
    { offsets: [{ topic: "t", partition: 0, offset: 0, records: [{ body: 1 }, { tombstone: 1 }] }] },
  ],
  ["/group", { group: "g", offsets: [{ topic: "t", partition: 0, offset: 0 }] }],
])("[H100] a commit that is wrong at %s is refused there", (pointer, commit) => {
  expect(parse(commit)).toMatchObject({ ok: false, error: { code: "invalid_field", pointer } })
})

test("[H100] a partition stands in a commit once, another topic's beside it", () => {
  const twice = { offsets: [place("t", 0), place("u", 0), place("t", 1), place("t", 0)] }
  expect(parse(twice)).toMatchObject({ error: { code: "invalid_field", pointer: "/offsets/3" } })
  expect(parse({ offsets: twice.offsets.slice(0, 3) }).ok).toBe(true)
})

test("[H101] an epoch and a memberId come together", () => {
  const without = { memberId: MEMBER, offsets: [place("t", 0)] }
  expect(parse(without)).toMatchObject({ error: { code: "invalid_field", pointer: "/offsets/0/epoch" } })
  const alone = { offsets: [{ ...place("t", 0), epoch: 1 }] }
  expect(parse(alone)).toMatchObject({ error: { code: "invalid_field", pointer: "/offsets/0/epoch" } })
})

test("[H103] bodies of records are kept as they were written", () => {
  const text = `{"offsets":[${JSON.stringify(place("t", 0))},
    { "records" : [ {"body": 1.0}, {"body":12345678901234567890} ], "topic":"t","partition":1,"offset":2,
      "producer": {"id":3,"epoch":1,"sequence":9} }]}`
  const parsed = parseCommits(text, JSON.parse(text))
  if (!parsed.ok) throw new Error(parsed.error.code)
  const [first, second] = parsed.value.offsets
  expect(first?.records).toBeNull()
  const bodies = second?.records?.map(({ record: { value } }) => new TextDecoder().decode(value))
  expect(bodies).toEqual(["1.0", "12345678901234567890"])
  expect(second?.terms).toEqual({ producer: { producerId: 3, epoch: 1, sequence: 9 }, expectedOffset: null })
})

test("members of the frame around it may be named", () => {
  const frame = { type: "commit", ref: 1, offsets: [place("t", 0)] }
  const text = JSON.stringify(frame)
  expect(parseCommits(text, frame, ["type", "ref"]).ok).toBe(true)
  expect(parseCommits(text, frame, ["type"])).toMatchObject({ error: { pointer: "/ref" } })
})

test("results stand in order, with the offsets of records and whether they are a repeat's", () => {
  const parsed = parse({
    offsets: [place("t", 0), { ...place("t", 1), records: [{ body: 1 }, { body: 2 }] }, place("t", 2)],
  })
  if (!parsed.ok) throw new Error(parsed.error.code)
  const results = commitResultsJson(parsed.value.offsets, [
    ok({ offset: 5, appended: null }),
    ok({ offset: 6, appended: { baseOffset: 10, appendedAt: 1, repeated: true } }),
    err({ code: "fenced", epoch: 8 }),
  ])
  expect(JSON.parse(results)).toMatchObject([
    { topic: "t", partition: 0, offset: 5 },
    {
      topic: "t",
      partition: 1,
      offset: 6,
      records: [
        { partition: 1, offset: 10, repeated: true },
        { partition: 1, offset: 11, repeated: true },
      ],
    },
    { topic: "t", partition: 2, problem: { code: "fenced", status: 409, epoch: 8 } },
  ])
})

test("a member's id is what a join may answer", () => {
  expect(parseMemberId(MEMBER, "/memberId")).toEqual(ok(MEMBER))
  for (const wrong of ["", "a b", "x".repeat(129), 1, null]) {
    expect(parseMemberId(wrong, "/memberId")).toMatchObject({ error: { code: "invalid_field", pointer: "/memberId" } })
  }
})

function place(topic: string, partition: number) {
  return { topic, partition, offset: 0 }
}

function parse(commit: unknown) {
  return parseCommits(JSON.stringify(commit), commit)
}
