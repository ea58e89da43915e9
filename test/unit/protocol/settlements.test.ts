import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { formatReceipt } from "../../../src/protocol/native/receipt.ts"
import {
  parseSettlements,
  settleable,
  type SettleKind,
  settleResultsJson,
} from "../../../src/protocol/native/settlements.ts"
import { ackSchema, extendSchema, nackSchema } from "../../../src/routes/queues/schemas.ts"
import { nearly, nearlyBatch } from "./near-json.ts"

const PARTS = { incarnation: 1, shard: 0, stateId: 0, stateGeneration: 0, offset: 5, attempt: 2 }
const RECEIPT = formatReceipt(PARTS)

const receipts = fc.array(fc.constantFrom(RECEIPT, "garbage"), { maxLength: 3 })
const receipt = fc.constantFrom(RECEIPT, "garbage")
const delayMs = fc.constantFrom(0, 1000, -1, 1e12, 0.5)
const shapes: Record<SettleKind, fc.Arbitrary<unknown>> = {
  ack: fc.oneof(nearly({ receipts }), nearlyBatch("entries", nearly({ receipt }))),
  nack: fc.oneof(
    nearly({ receipts, delayMs, fault: fc.boolean(), error: fc.string() }),
    nearlyBatch(
      "entries",
      fc.oneof(nearly({ receipt, delayMs, fault: fc.boolean() }), nearly({ receipt, reject: fc.boolean() })),
    ),
  ),
  extend: fc.oneof(
    nearly({ receipts, visibilityTimeoutMs: delayMs }),
    nearlyBatch("entries", nearly({ receipt, visibilityTimeoutMs: delayMs })),
  ),
}
const schemas = { ack: ackSchema, nack: nackSchema, extend: extendSchema }

test.each(["ack", "nack", "extend"] as const)("the parser and the published schema agree on %s", (kind) => {
  fc.assert(
    fc.property(shapes[kind], (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown
      expect(parseSettlements(kind, value).ok).toBe(safeParse(schemas[kind], value).success)
    }),
    { numRuns: 1000 },
  )
})

test("options stand beside receipts or in each entry", () => {
  expect(parseSettlements("nack", { receipts: [RECEIPT], delayMs: 5, error: "no" })).toEqual({
    ok: true,
    value: [{ ok: true, value: { kind: "nack", receipt: PARTS, delayMs: 5, fault: true, error: "no" } }],
  })
  expect(parseSettlements("nack", { receipts: [RECEIPT], fault: false })).toEqual({
    ok: true,
    value: [{ ok: true, value: { kind: "nack", receipt: PARTS, delayMs: null, fault: false, error: null } }],
  })
  const faults = {
    entries: [
      { receipt: RECEIPT, fault: true },
      { receipt: RECEIPT, fault: false },
    ],
  }
  expect(parseSettlements("nack", faults)).toMatchObject({
    value: [{ value: { fault: true } }, { value: { fault: false } }],
  })
  expect(parseSettlements("nack", { entries: [{ receipt: RECEIPT }, { receipt: RECEIPT, reject: true }] })).toEqual({
    ok: true,
    value: [
      { ok: true, value: { kind: "nack", receipt: PARTS, delayMs: null, fault: true, error: null } },
      { ok: true, value: { kind: "reject", receipt: PARTS, error: null } },
    ],
  })
  expect(parseSettlements("extend", { receipts: [RECEIPT], visibilityTimeoutMs: 0 })).toEqual({
    ok: true,
    value: [{ ok: true, value: { kind: "extend", receipt: PARTS, visibilityTimeoutMs: 0 } }],
  })
})

test.each([
  ["ack", {}, "/receipts"],
  ["ack", { receipts: [] }, "/receipts"],
  ["ack", { receipts: [1] }, "/receipts/0"],
  ["ack", { receipts: [RECEIPT], entries: [{ receipt: RECEIPT }] }, "/receipts"],
  ["ack", { receipts: [RECEIPT], delayMs: 1 }, "/delayMs"],
  ["nack", { entries: [{ receipt: RECEIPT, reject: true, delayMs: 1 }] }, "/entries/0/delayMs"],
  ["nack", { receipts: [RECEIPT], fault: 0 }, "/fault"],
  ["nack", { receipts: [RECEIPT], fault: false, reject: true }, "/fault"],
  ["nack", { entries: [{ receipt: RECEIPT, fault: null }] }, "/entries/0/fault"],
  ["nack", { entries: [{ receipt: RECEIPT, error: "x".repeat(8193) }] }, "/entries/0/error"],
  ["extend", { receipts: [RECEIPT] }, "/visibilityTimeoutMs"],
  ["extend", { entries: [{ receipt: RECEIPT, visibilityTimeoutMs: 43_200_001 }] }, "/entries/0/visibilityTimeoutMs"],
] as const)("%s of %j is refused at %s", (kind, value, pointer) => {
  expect(parseSettlements(kind, value)).toMatchObject({ ok: false, error: { code: "invalid_field", pointer } })
})

test("members of the frame around it may be named", () => {
  const frame = { type: "ack", ref: 1, sub: 2, receipts: [RECEIPT] }
  expect(parseSettlements("ack", frame, ["type", "ref", "sub"]).ok).toBe(true)
  expect(parseSettlements("ack", frame, ["type"]).ok).toBe(false)
})

test("results stand in the order of the entries, whatever could be asked", () => {
  const parsed = parseSettlements("ack", { receipts: [RECEIPT, "garbage", RECEIPT] })
  if (!parsed.ok) throw new Error(parsed.error.code)
  expect(settleable(parsed.value).length).toBe(2)
  const results = JSON.parse(settleResultsJson(parsed.value, [null, { code: "receipt_expired" }])) as unknown
  expect(results).toMatchObject([
    { ok: true },
    { problem: { code: "invalid_receipt", status: 400 } },
    { problem: { code: "receipt_expired", status: 409 } },
  ])
})
