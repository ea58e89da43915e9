import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CorruptError } from "../../../src/core/bytes/corrupt.ts"
import { dedupKey } from "../../../src/core/queue/dedup/dedup-key.ts"
import { HashIndex } from "../../../src/core/queue/dedup/hash-index.ts"
import { DedupRowWriter, readDedupRow, rowCapacityBytes } from "../../../src/core/queue/dedup/row-codec.ts"

const anyEntry = fc.record({ expiresAt: fc.maxSafeNat(), messageId: fc.maxSafeNat(), key: fc.uint8Array() })
const someEntries = fc.array(anyEntry, { minLength: 1, maxLength: 20 })

type Entries = readonly { expiresAt: number; messageId: number; key: Uint8Array }[]

function written(entries: Entries, continued: ConstructorParameters<typeof DedupRowWriter>[0] = null): Uint8Array {
  const writer = new DedupRowWriter(continued)
  for (const entry of entries) writer.add(entry)
  return writer.finish()
}

describe("rows of deduplication ids", () => {
  it("[Q34] are read as they were written, at once or in pieces", () => {
    fc.assert(
      fc.property(someEntries, fc.array(anyEntry), (first, second) => {
        const ids = written(second, { ids: written(first), last: first.at(-1)! })
        const entries = [...first, ...second]
        expect([...readDedupRow(ids)]).toEqual(entries)
        expect(ids).toEqual(written(entries))
        const keyBytes = entries.reduce((bytes, { key }) => bytes + key.length, 0)
        expect(ids.length).toBeLessThanOrEqual(rowCapacityBytes(keyBytes, entries.length))
      }),
    )
  })

  it("[Q34] are nothing but that", () => {
    const ids = written([{ expiresAt: 5, messageId: 6, key: Uint8Array.of(7, 8) }])
    expect([...ids]).toEqual([1, 5, 6, 2, 7, 8])
    for (const damaged of [
      [],
      [1],
      [2, 5, 6, 2, 7, 8],
      [...ids, 0],
      [1, 0x41, 6, 0],
      [1, 5, 0x41, 0],
      [1, 5, 6, 2, 7],
    ]) {
      expect(() => [...readDedupRow(Uint8Array.from(damaged))]).toThrow(CorruptError)
    }
    fc.assert(
      fc.property(someEntries, fc.nat(), (entries, cut) => {
        const ids = written(entries)
        const last = written(entries.slice(0, -1)).length
        const end = last + (cut % (ids.length - last))
        if (end > last) expect(() => [...readDedupRow(ids.subarray(0, end))]).toThrow(CorruptError)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const entries = [...readDedupRow(Uint8Array.of(1, ...bytes))]
          expect(written(entries)).toEqual(Uint8Array.of(1, ...bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptError)
        }
      }),
    )
  })
})

describe("HashIndex", () => {
  it("[Q32] finds what was added for a hash, and nothing else", () => {
    const anyHash = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      // the same low bits: neighbours in the table
      fc.integer({ min: 0, max: 5 }).map((high) => high * 2 ** 40 + 15),
      fc.maxSafeNat().map((hash) => hash || 1),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(anyHash, fc.nat(9)), { maxLength: 300, size: "max" }), anyHash, (pairs, other) => {
        const index = new HashIndex()
        const expected = new Map<number, Set<number>>([[other, new Set()]])
        for (const [hash, value] of pairs) {
          index.add(hash, value)
          expected.set(hash, (expected.get(hash) ?? new Set()).add(value))
        }
        for (const [hash, values] of expected) {
          expect([...index.find(hash)].sort((a, b) => a - b)).toEqual([...values].sort((a, b) => a - b))
        }
      }),
    )
  })
})

describe("dedupKey", () => {
  it("[Q30] is equal for equal ids in equal scopes only", () => {
    const anyId = fc.oneof(fc.string({ unit: "binary", maxLength: 4 }), fc.constantFrom("", "a", "aa", "\u0001a"))
    const anyScope = fc.oneof(
      fc.constant({ scope: "queue" as const, groupId: null }),
      fc.record({ scope: fc.constant("group" as const), groupId: fc.option(anyId) }),
    )
    const anyUse = fc.record({ in: anyScope, id: anyId })
    fc.assert(
      fc.property(anyUse, anyUse, (left, right) => {
        const [a, b] = [left, right].map((use) => dedupKey(use.in.scope, use.in.groupId, use.id).join())
        expect(a === b).toBe(JSON.stringify(left) === JSON.stringify(right))
      }),
      { numRuns: 2000 },
    )
  })

  it("[Q30] leaves the group out in the scope of the queue", () => {
    expect(dedupKey("queue", "g", "a")).toEqual(dedupKey("queue", null, "a"))
    expect([...dedupKey("queue", "g", "é")]).toEqual([0, 0xc3, 0xa9])
    expect([...dedupKey("group", "gg", "a")]).toEqual([2, 2, 0x67, 0x67, 0x61])
  })
})
