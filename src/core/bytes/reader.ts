import { CorruptError } from "./corrupt.ts"

/** The eighth byte of a varint reaches beyond 2^53, so none has a ninth. */
const LAST_SCALE = 128 ** 7

/** Reads `bytes[start, end)` front to back; whatever is not there or not well-formed is a CorruptError. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #position: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    if (start < 0 || start > end || end > bytes.length) throw new CorruptError("outside the buffer")
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  /** Index in the buffer of the next byte. */
  get position(): number {
    return this.#position
  }

  get remaining(): number {
    return this.#end - this.#position
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  u32le(): number {
    const bytes = this.#bytes
    const at = this.#take(4)
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  u53(): number {
    const low = this.u32le()
    return safe(this.u32le() * 0x1_0000_0000 + low)
  }

  /** Accepts only the shortest form, so that equal values have equal bytes. */
  varint(): number {
    let byte = this.u8()
    let value = byte & 0x7f
    for (let scale = 128; byte > 0x7f; scale *= 128) {
      if (scale > LAST_SCALE) throw new CorruptError("overlong number")
      byte = this.u8()
      value = safe(value + (byte & 0x7f) * scale)
      if (byte === 0) throw new CorruptError("overlong number")
    }
    return value
  }

  signedVarint(): number {
    const first = this.u8()
    let magnitude = first & 0x3f
    if (first > 0x7f) {
      const rest = this.varint()
      if (rest === 0) throw new CorruptError("overlong number")
      magnitude = safe(magnitude + rest * 64)
    }
    if ((first & 0x40) === 0) return magnitude
    if (magnitude === 0) throw new CorruptError("negative zero")
    return -magnitude
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  lengthAndBytes(): Uint8Array {
    return this.bytes(this.varint())
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining !== 0) throw new CorruptError("trailing bytes")
  }

  #take(length: number): number {
    const at = this.#position
    if (length > this.#end - at) throw new CorruptError("truncated")
    this.#position = at + length
    return at
  }
}

function safe(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) throw new CorruptError("number out of range")
  return value
}
