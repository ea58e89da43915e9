import fc from "fast-check"
import { expect } from "vitest"
import { CorruptError } from "../../../src/core/bytes/corrupt.ts"
import type { FrameEntry, Header, LogRecord } from "../../../src/core/log/types.ts"

export const anyBytes = fc.uint8Array({ maxLength: 40 })

const anySafe = fc.maxSafeNat()

export const anyHeader: fc.Arbitrary<Header> = fc.record({ name: fc.uint8Array({ maxLength: 3 }), value: anyBytes })

export const anyRecord: fc.Arbitrary<LogRecord> = fc.record({
  format: fc.constantFrom("bytes", "text", "json"),
  value: fc.oneof(anyBytes, fc.uint8Array({ minLength: 100, maxLength: 300 })),
  key: fc.option(anyBytes),
  headers: fc.array(anyHeader, { maxLength: 5 }),
  producedAt: fc.option(anySafe),
})

const anyStep = fc.record({
  gap: fc.oneof(fc.constant(0), fc.nat(300)),
  elapsedMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
  messageId: fc.oneof(fc.constant(null), anySafe),
  keyHash: fc.oneof(fc.constant(0), anySafe),
  ttlMs: fc.oneof(fc.constant(null), fc.constant(0), fc.nat(100_000), fc.nat({ max: 2 ** 50 })),
  length: fc.oneof(fc.nat(200), fc.nat(2_000_000)),
})

/** Entries of one row: growing offsets, times that don't go back, any ids and expiries, positions back to back. */
export const anyEntries: fc.Arbitrary<FrameEntry[]> = fc
  .tuple(fc.nat(2 ** 31), fc.integer({ min: 1, max: 2 ** 31 }), fc.array(anyStep, { minLength: 1, maxLength: 20 }))
  .map(([baseOffset, baseAt, steps]) => {
    let offset = baseOffset * 2 ** 20
    let appendedAt = baseAt * 2 ** 10
    let messageId = 6
    let position = 0
    return steps.map((step) => {
      offset += step.gap
      appendedAt += step.elapsedMs
      messageId = step.messageId ?? Math.min(messageId + 1, Number.MAX_SAFE_INTEGER)
      const { keyHash, ttlMs, length } = step
      const expiresAt = ttlMs === null ? 0 : appendedAt + ttlMs
      const entry = { offset, appendedAt, messageId, keyHash, expiresAt, length, position }
      offset += 1
      position += length
      return entry
    })
  })

/** `length` bytes that tell frames apart. */
export function fillerFrame(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => seed * 31 + index)
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let position = 0
  for (const part of parts) {
    bytes.set(part, position)
    position += part.length
  }
  return bytes
}

/** For megabytes, which `toEqual` takes seconds to compare. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length)
  expect(actual.every((byte, index) => byte === expected[index])).toBe(true)
}

/** Every copy of `bytes` with one bit flipped. */
export function* flippedBits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    yield flipped
  }
}

export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length)
}

export function expectCorrupt(decode: () => unknown): void {
  expect(decode).toThrow(CorruptError)
}

/** Runs `decode`, which may succeed or throw CorruptError, and nothing else. */
export function expectOnlyCorrupt(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptError)
  }
}
