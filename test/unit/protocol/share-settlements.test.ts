import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import { formatReceipt, formatShareReceipt } from "../../../src/protocol/native/receipt.ts"
import type { SettleKind } from "../../../src/protocol/native/settlement-list.ts"
import { parseShareSettlements, shareOutcomesJson } from "../../../src/protocol/native/share-settlements.ts"
import { shareAckSchema, shareExtendSchema, shareNackSchema } from "../../../src/routes/shares/schemas.ts"
import { nearly, nearlyBatch } from "./near-json.ts"

const PARTS = { incarnation: 1, shard: 3, stateId: 2, stateGeneration: 9, offset: 5, attempt: 2 }
const SINGLE = formatReceipt(PARTS)
const RANGE = formatShareReceipt({ ...PARTS, count: 4 })

const receipt = fc.constantFrom(SINGLE, RANGE, "garbage")
const receipts = fc.array(receipt, { maxLength: 3 })
const durationMs = fc.constantFrom(0, 1000, -1, 1e12, 0.5)
const shapes: Record<SettleKind, fc.Arbitrary<unknown>> = {
  ack: fc.oneof(nearly({ receipts }), nearlyBatch("entries", nearly({ receipt }))),
  nack: fc.oneof(
    nearly({ receipts, delayMs: durationMs, fault: fc.boolean(), error: fc.string() }),
    nearlyBatch("entries", nearly({ receipt, reject: fc.boolean() })),
  ),
  extend: fc.oneof(
    nearly({ receipts, lockDurationMs: durationMs }),
    nearlyBatch("entries", nearly({ receipt, lockDurationMs: durationMs })),
  ),
}
const schemas = { ack: shareAckSchema, nack: shareNackSchema, extend: shareExtendSchema }

test.each(["ack", "nack", "extend"] as const)("the parser and the published schema agree on %s", (kind) => {
  fc.assert(
    fc.property(shapes[kind], (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown
      expect(parseShareSettlements(kind, value).ok).toBe(safeParse(schemas[kind], value).success)
    }),
    { numRuns: 1000 },
  )
})

test("[H116] what is said of records, by single receipts and by ranges", () => {
  const [single, range] = [
    { ...PARTS, count: 1 },
    { ...PARTS, count: 4 },
  ]
  expect(parseShareSettlements("ack", { receipts: [SINGLE, RANGE, "garbage"] })).toEqual(
    ok([ok({ kind: "ack", receipt: single }), ok({ kind: "ack", receipt: range }), err({ code: "invalid_receipt" })]),
  )
  expect(parseShareSettlements("extend", { receipts: [RANGE], lockDurationMs: 0 })).toEqual(
    ok([ok({ kind: "extend", receipt: range, lockDurationMs: 0 })]),
  )
  const nacks = {
    entries: [
      { receipt: SINGLE, delayMs: 7, fault: false },
      { receipt: RANGE, reject: true, error: "no" },
    ],
  }
  expect(parseShareSettlements("nack", nacks)).toEqual(
    ok([
      ok({ kind: "nack", receipt: single, delayMs: 7, fault: false, error: null }),
      ok({ kind: "reject", receipt: range, error: "no" }),
    ]),
  )
})

test("[H116] a queue's option is unknown here", () => {
  expect(parseShareSettlements("extend", { receipts: [SINGLE], visibilityTimeoutMs: 1 })).toMatchObject({
    error: { code: "invalid_field", pointer: "/visibilityTimeoutMs" },
  })
  expect(parseShareSettlements("extend", { receipts: [SINGLE] })).toMatchObject({
    error: { pointer: "/lockDurationMs" },
  })
})

test("[H117] a range says how many of it were held, a single record whether it was", () => {
  const parsed = parseShareSettlements("ack", { receipts: [SINGLE, SINGLE, RANGE, RANGE, "garbage", SINGLE, RANGE] })
  if (!parsed.ok) throw new Error(parsed.error.code)
  const outcomes = [
    ok({ settled: 1, expired: 0 }),
    ok({ settled: 0, expired: 1 }),
    ok({ settled: 3, expired: 1 }),
    ok({ settled: 0, expired: 4 }),
    err({ code: "invalid_receipt" } as const),
    ok({ code: "invalid_receipt" } as const),
    err({ code: "unavailable", retryAfterMs: 1000 } as const),
  ]
  expect(JSON.parse(shareOutcomesJson(parsed.value, outcomes))).toMatchObject([
    { ok: true },
    { problem: { code: "receipt_expired", status: 409 } },
    { settled: 3, expired: 1 },
    { settled: 0, expired: 4 },
    { problem: { code: "invalid_receipt", status: 400 } },
    { problem: { code: "invalid_receipt" } },
    { problem: { code: "unavailable", status: 503 } },
  ])
})
