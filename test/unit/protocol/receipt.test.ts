import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeBase64, encodeBase64 } from "../../../src/protocol/native/base64.ts"
import {
  formatReceipt,
  formatShareReceipt,
  parseReceipt,
  parseShareReceipt,
} from "../../../src/protocol/native/receipt.ts"

const number = fc.maxSafeNat()
const parts = fc.record({
  incarnation: number,
  shard: number,
  stateId: number,
  stateGeneration: number,
  offset: number,
  attempt: number,
})
const INVALID = { ok: false, error: { code: "invalid_receipt" } }

test("a receipt comes back as what it names", () => {
  fc.assert(
    fc.property(parts, (named) => {
      expect(parseReceipt(formatReceipt(named))).toEqual({ ok: true, value: named })
    }),
  )
})

test("a receipt with any bit flipped is invalid", () => {
  fc.assert(
    fc.property(parts, fc.nat(), (named, seed) => {
      const bytes = decodeBase64(formatReceipt(named), "url")!
      const bit = seed % (bytes.length * 8)
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
      expect(parseReceipt(encodeBase64(bytes, "url"))).toEqual(INVALID)
    }),
  )
})

test("a receipt with any character changed, added or left out is invalid", () => {
  fc.assert(
    fc.property(parts, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(2), (named, seed, inserted, removed) => {
      const receipt = formatReceipt(named)
      const at = seed % (receipt.length + 1)
      const mutated = receipt.slice(0, at) + inserted + receipt.slice(at + removed)
      fc.pre(mutated.replace(/=+$/, "") !== receipt)
      expect(parseReceipt(mutated)).toEqual(INVALID)
    }),
  )
})

test("a receipt of one record is that of a message, and one of a range is none", () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: 2, max: 40_000 }), (named, count) => {
      expect(formatShareReceipt({ ...named, count: 1 })).toBe(formatReceipt(named))
      expect(parseShareReceipt(formatReceipt(named))).toEqual({ ok: true, value: { ...named, count: 1 } })
      const range = formatShareReceipt({ ...named, count })
      expect(parseShareReceipt(range)).toEqual({ ok: true, value: { ...named, count } })
      expect(parseReceipt(range)).toEqual(INVALID)
    }),
  )
})

test("a range of no records, or of more than can be locked, is invalid", () => {
  fc.assert(
    fc.property(parts, fc.constantFrom(0, 40_001, Number.MAX_SAFE_INTEGER), (named, count) => {
      expect(parseShareReceipt(formatShareReceipt({ ...named, count }))).toEqual(INVALID)
    }),
  )
})

test("a range's receipt with any bit flipped is invalid", () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: 2, max: 40_000 }), fc.nat(), (named, count, seed) => {
      const bytes = decodeBase64(formatShareReceipt({ ...named, count }), "url")!
      const bit = seed % (bytes.length * 8)
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
      expect(parseShareReceipt(encodeBase64(bytes, "url"))).toEqual(INVALID)
    }),
  )
})

test("garbage is invalid and never throws", () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ maxLength: 64 }), (text, bytes) => {
      expect(parseReceipt(text)).toEqual(INVALID)
      expect(parseReceipt(encodeBase64(bytes, "url"))).toEqual(INVALID)
    }),
  )
  expect(parseReceipt("A".repeat(100_000))).toEqual(INVALID)
})
