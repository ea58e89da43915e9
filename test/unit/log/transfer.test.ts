import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { keyHash } from "../../../src/core/bytes/key-hash.ts"
import { decodeDeliveries, encodeDeliveries } from "../../../src/core/log/delivered.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions, SubmissionWriter } from "../../../src/core/log/submission.ts"
import type { Delivery, SendTerms } from "../../../src/core/log/types.ts"
import {
  anyBytes,
  anyRecord,
  concatenated,
  expectCorrupt,
  expectOnlyCorrupt,
  fillerFrame,
  truncations,
} from "./arbitraries.ts"

const anyDelivery: fc.Arbitrary<Delivery> = fc.record({
  offset: fc.maxSafeNat(),
  messageId: fc.maxSafeNat(),
  appendedAt: fc.maxSafeNat(),
  attempt: fc.maxSafeNat(),
  deliveryCount: fc.maxSafeNat(),
  firstDeliveredAt: fc.maxSafeNat(),
  frame: anyBytes,
})

/** Whole instants and durations, 0 among them, and keys that may be empty; each may be absent. */
const anyTerms: fc.Arbitrary<SendTerms> = fc.record(
  {
    delayMs: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    deliverAt: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    ttlMs: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    dedupKey: anyBytes,
  },
  { requiredKeys: [] },
)

describe("submissions", () => {
  const anySubmission = fc.record({ frame: anyBytes, keyHash: fc.oneof(fc.constant(0), fc.maxSafeNat()) })

  it("[L24] carry frames and key hashes unchanged and in order", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyRecord, anySubmission), { maxLength: 20 }), (parts) => {
        const writer = new SubmissionWriter()
        for (const part of parts) {
          if ("frame" in part) writer.addFrame(part)
          else expect(writer.add(part)).toBe(encodeFrame(part).length)
        }
        const expected = parts.map((part) => ("frame" in part ? part.frame : encodeFrame(part)))
        const decoded = decodeSubmissions(writer.finish())
        expect(decoded.count).toBe(parts.length)
        expect(decoded.count).toBe(writer.count)
        expect(decoded.frameBytes).toBe(writer.frameBytes)
        expect(decoded.frames).toEqual(concatenated(expected))
        expect(decoded.lengths).toEqual(expected.map(({ length }) => length))
        for (const [index, frame] of expected.entries()) {
          const position = decoded.positions[index]!
          expect(decoded.frames.subarray(position, position + frame.length)).toEqual(frame)
        }
        expect(decoded.keyHashes).toEqual(
          parts.map((part) => ("frame" in part ? part.keyHash : part.key === null ? 0 : keyHash(part.key))),
        )
      }),
    )
  })

  it("[L30] carry what each message wants besides its record, unchanged and in order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(anyRecord, anySubmission), anyTerms), { maxLength: 20 }), (parts) => {
        const writer = new SubmissionWriter()
        for (const [part, terms] of parts) {
          if ("frame" in part) writer.addFrame(part, terms)
          else writer.add(part, terms)
        }
        const decoded = decodeSubmissions(writer.finish())
        expect(decoded.delaysMs).toEqual(parts.map(([, terms]) => terms.delayMs ?? 0))
        expect(decoded.deliverAts).toEqual(parts.map(([, terms]) => terms.deliverAt ?? 0))
        expect(decoded.ttlsMs).toEqual(parts.map(([, terms]) => terms.ttlMs ?? 0))
        expect(decoded.dedupKeys).toEqual(
          parts.map(([, { dedupKey }]) => (dedupKey ? { hash: keyHash(dedupKey), key: dedupKey } : null)),
        )
        expect(decoded.frames).toEqual(
          concatenated(parts.map(([part]) => ("frame" in part ? part.frame : encodeFrame(part)))),
        )
      }),
    )
  })

  it("[L30] are encoded as they were before there was any of that, where none is wanted", () => {
    for (const terms of [undefined, {}, { delayMs: 0, deliverAt: 0, ttlMs: 0 }]) {
      const plain = new SubmissionWriter()
      plain.addFrame({ frame: Uint8Array.of(8, 9), keyHash: 0 }, terms)
      expect(plain.finish()).toEqual(Uint8Array.of(1, 0, 1, 2, 2, 8, 9))
      const keyed = new SubmissionWriter()
      keyed.addFrame({ frame: Uint8Array.of(8, 9), keyHash: 3 }, terms)
      expect(keyed.finish()).toEqual(Uint8Array.of(1, 1, 1, 2, 2, 3, 0, 0, 0, 0, 0, 0, 0, 8, 9))
    }
  })

  it("[L30] have a column for each of these only where some message wants it", () => {
    const bytesWith = (terms: SendTerms): number => {
      const writer = new SubmissionWriter()
      for (let index = 0; index < 9; index++) writer.addFrame({ frame: fillerFrame(10, index), keyHash: 0 })
      writer.addFrame({ frame: fillerFrame(10, 9), keyHash: 0 }, terms)
      return writer.finish().length
    }
    const plain = bytesWith({})
    expect(bytesWith({ delayMs: 1 })).toBe(plain + 10)
    expect(bytesWith({ deliverAt: 1 })).toBe(plain + 10)
    expect(bytesWith({ ttlMs: 1 })).toBe(plain + 10)
    expect(bytesWith({ dedupKey: Uint8Array.of(1, 2, 3) })).toBe(plain + 80 + 4)
  })

  it("[L24] are sent in a buffer of exactly their size", () => {
    const writer = new SubmissionWriter()
    writer.addFrame({ frame: fillerFrame(10, 1), keyHash: 3 })
    const bytes = writer.finish()
    expect(bytes.buffer.byteLength).toBe(bytes.length)
  })

  it("[L3] truncated, lengthened or arbitrary are damaged", () => {
    const writer = new SubmissionWriter()
    for (let index = 0; index < 5; index++) {
      const terms = { delayMs: index, deliverAt: 1000 * index, ttlMs: 90_000, dedupKey: fillerFrame(index, 9) }
      writer.addFrame({ frame: fillerFrame(7, index), keyHash: index }, index === 2 ? {} : terms)
    }
    const bytes = writer.finish()
    for (const truncated of truncations(bytes)) expectCorrupt(() => decodeSubmissions(truncated))
    expectCorrupt(() => decodeSubmissions(Uint8Array.of(...bytes, 0)))
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 60 }), (plausible, body) => {
        expectOnlyCorrupt(() => decodeSubmissions(plausible ? Uint8Array.of(1, body.length & 31, ...body) : body))
      }),
    )
  })

  it("[L5] with an unknown version or column, or lengths that don't add up, are damaged", () => {
    expect(decodeSubmissions(Uint8Array.of(1, 0, 1, 2, 2, 9, 9)).count).toBe(1)
    expectCorrupt(() => decodeSubmissions(Uint8Array.of(2, 0, 1, 2, 2, 9, 9)))
    expectCorrupt(() => decodeSubmissions(Uint8Array.of(1, 32, 1, 2, 2, 9, 9)))
    expectCorrupt(() => decodeSubmissions(Uint8Array.of(1, 0, 1, 2, 1, 9, 9)))
    expectCorrupt(() => decodeSubmissions(Uint8Array.of(1, 0, 200, 1, 0)))
  })
})

describe("deliveries", () => {
  it("[L25] come back as they were, in a buffer of exactly their size", () => {
    fc.assert(
      fc.property(fc.array(anyDelivery, { maxLength: 20 }), (deliveries) => {
        const bytes = encodeDeliveries(deliveries)
        expect(bytes.buffer.byteLength).toBe(bytes.length)
        expect(decodeDeliveries(bytes)).toEqual(deliveries)
      }),
    )
  })

  it("[L25] tell a damaged frame by its being empty", () => {
    const [damaged, sound] = fc.sample(anyDelivery, 2) as [Delivery, Delivery]
    const sent = [
      { ...damaged, frame: new Uint8Array(0) },
      { ...sound, frame: fillerFrame(9, 1) },
    ]
    expect(decodeDeliveries(encodeDeliveries(sent)).map(({ frame }) => frame.length)).toEqual([0, 9])
  })

  it("[L3] truncated, lengthened or arbitrary are damaged", () => {
    const bytes = encodeDeliveries(fc.sample(anyDelivery, 3))
    for (const truncated of truncations(bytes)) expectCorrupt(() => decodeDeliveries(truncated))
    expectCorrupt(() => decodeDeliveries(Uint8Array.of(...bytes, 0)))
    expectCorrupt(() => decodeDeliveries(Uint8Array.of(9, 0)))
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 60 }), (plausible, body) => {
        expectOnlyCorrupt(() => decodeDeliveries(plausible ? Uint8Array.of(1, ...body) : body))
      }),
    )
  })
})
