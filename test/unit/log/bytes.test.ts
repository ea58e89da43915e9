import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { crc32c } from "../../../src/core/bytes/crc32c.ts"
import { keyHash } from "../../../src/core/bytes/key-hash.ts"
import { murmur2, partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import { ByteReader } from "../../../src/core/bytes/reader.ts"
import { ByteWriter } from "../../../src/core/bytes/writer.ts"
import { anyBytes, expectCorrupt, expectOnlyCorrupt } from "./arbitraries.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

interface MurmurVectors {
  readonly vectors: readonly { readonly key: string; readonly hash: number }[]
}
const { vectors } = JSON.parse(
  readFileSync(new URL("../../vectors/murmur2.json", import.meta.url), "utf8"),
) as MurmurVectors

describe("crc32c", () => {
  it("[L2] gives the published check values", () => {
    expect(crc32c(utf8("123456789"))).toBe(0xe3069283)
    // RFC 3720, B.4.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e)
    expect(crc32c(new Uint8Array(0))).toBe(0)
  })

  it("[L2] agrees with the definition bit by bit, on any range, in any number of pieces", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)]
        expect(crc32c(bytes, start, end)).toBe(crcByDefinition(bytes.slice(start, end)))
        expect(crc32c(bytes, start, bytes.length, crc32c(bytes, 0, start))).toBe(crcByDefinition(bytes))
      }),
    )
  })
})

describe("murmur2", () => {
  it.each(vectors)("[L26] hashes $key as Kafka does", ({ key, hash }) => {
    expect(murmur2(utf8(key))).toBe(hash)
    for (const partitions of [1, 7, 256]) {
      expect(partitionOfKey(utf8(key), partitions)).toBe((hash & 0x7fffffff) % partitions)
    }
  })

  it("[L26] gives every key a partition", () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 1, max: 256 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      }),
    )
  })
})

describe("keyHash", () => {
  it("[L27] is a positive safe integer that depends on the key alone", () => {
    fc.assert(
      fc.property(anyBytes, (key) => {
        const hash = keyHash(key)
        expect(Number.isSafeInteger(hash) && hash > 0).toBe(true)
        expect(keyHash(key.slice())).toBe(hash)
      }),
    )
    expect(keyHash(new Uint8Array(0))).toBeGreaterThan(0)
  })

  it("[L27] tells a hundred thousand keys apart", () => {
    const hashes = new Set<number>()
    for (let index = 0; index < 100_000; index++) hashes.add(keyHash(utf8(`key-${index}`)))
    expect(hashes.size).toBe(100_000)
  })
})

describe("ByteWriter and ByteReader", () => {
  it("[L1] read back what was written", () => {
    const anyNumber = fc.oneof(
      fc.nat(300),
      fc.maxSafeNat(),
      fc.nat(53).map((bits) => 2 ** bits - 1),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(anyNumber, fc.maxSafeInteger(), anyBytes), { maxLength: 20 }), (parts) => {
        const writer = new ByteWriter(1)
        for (const [number, signed, bytes] of parts) {
          writer.u8(number & 0xff)
          writer.u32le(number >>> 0)
          writer.u53(number)
          writer.varint(number)
          writer.signedVarint(signed)
          writer.lengthAndBytes(bytes)
        }
        const reader = new ByteReader(writer.finish())
        for (const [number, signed, bytes] of parts) {
          expect(reader.u8()).toBe(number & 0xff)
          expect(reader.u32le()).toBe(number >>> 0)
          expect(reader.u53()).toBe(number)
          expect(reader.varint()).toBe(number)
          expect(reader.signedVarint()).toBe(signed)
          expect(reader.lengthAndBytes()).toEqual(bytes)
        }
        reader.end()
      }),
    )
  })

  it("[L1] refuse to write a number that would not come back", () => {
    for (const bad of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new ByteWriter().varint(bad)).toThrow(RangeError)
      expect(() => new ByteWriter().u53(bad)).toThrow(RangeError)
    }
    expect(() => new ByteWriter().signedVarint(-(2 ** 53))).toThrow(RangeError)
  })

  it("[L3] reading beyond the end or out of range is damage", () => {
    expectCorrupt(() => new ByteReader(new Uint8Array(0)).u8())
    expectCorrupt(() => new ByteReader(new Uint8Array(3)).u32le())
    expectCorrupt(() => new ByteReader(new Uint8Array(8).fill(0xff)).u53())
    expectCorrupt(() => new ByteReader(new Uint8Array(8).fill(0xff)).varint())
    expectCorrupt(() => new ByteReader(Uint8Array.of(...new Array<number>(200).fill(0x80), 1)).varint())
    expectCorrupt(() => new ByteReader(Uint8Array.of(5, 1, 2)).lengthAndBytes())
    expectCorrupt(() => new ByteReader(new Uint8Array(4), 2, 5))
    expectCorrupt(() => new ByteReader(new Uint8Array(4), 5))
  })

  it("[L3] reading arbitrary bytes gives safe integers or damage", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        expectOnlyCorrupt(() => expect(new ByteReader(bytes).varint()).toSatisfy(Number.isSafeInteger))
        expectOnlyCorrupt(() => expect(new ByteReader(bytes).signedVarint()).toSatisfy(Number.isSafeInteger))
      }),
    )
  })

  it("[L5] an overlong number is damage", () => {
    expectCorrupt(() => new ByteReader(Uint8Array.of(0x80, 0)).varint())
    expectCorrupt(() => new ByteReader(Uint8Array.of(0x81, 0x80, 0)).varint())
    expectCorrupt(() => new ByteReader(Uint8Array.of(0x81, 0)).signedVarint())
    expectCorrupt(() => new ByteReader(Uint8Array.of(0x40)).signedVarint())
  })
})

function crcByDefinition(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}
