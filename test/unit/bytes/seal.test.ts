import fc from "fast-check"
import { expect, test } from "vitest"
import { CorruptError } from "../../../src/core/bytes/corrupt.ts"
import { seal, unseal } from "../../../src/core/bytes/seal.ts"
import { emptyCounters, encodeCounters } from "../../../src/core/queue/counters.ts"

const PLACE = [0, 3, 17, 16]

test("[K4] what was sealed comes back as it was", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.maxSafeNat(), { maxLength: 4 }), (content, place) => {
      expect(unseal(seal(content, place), place)).toEqual(content)
    }),
  )
})

test("[K4] a bit that changed anywhere in it is noticed, or leaves what no codec reads", () => {
  const sealed = seal(encodeCounters({ ...emptyCounters(), nextMessageId: 300, sent: 299 }), PLACE)
  for (let bit = 8; bit < sealed.length * 8; bit++) {
    expect(() => unseal(flipped(sealed, bit), PLACE)).toThrow(CorruptError)
  }
  // the mark itself: versions of what was stored without a seal are small numbers
  for (let bit = 0; bit < 8; bit++) expect(unseal(flipped(sealed, bit), PLACE)[0]).toBeGreaterThan(8)
})

test("[K4] so is a number beside it", () => {
  const sealed = seal(new Uint8Array([1, 2, 3]), PLACE)
  for (const index of PLACE.keys()) {
    expect(() => unseal(sealed, PLACE.with(index, PLACE[index]! + 1))).toThrow(CorruptError)
  }
})

test("[K4] what was stored before there were seals is read as it is", () => {
  const counters = encodeCounters(emptyCounters())
  expect(unseal(counters, PLACE)).toBe(counters)
  expect(() => unseal(new Uint8Array([0xd8, 1]), PLACE)).toThrow(CorruptError)
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const index = bit >> 3
  return bytes.with(index, bytes[index]! ^ (1 << (bit & 7)))
}
