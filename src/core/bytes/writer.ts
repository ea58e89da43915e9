/** A growing buffer. Numbers are little-endian; u8 and u32le keep only their width, the others throw RangeError. */
export class ByteWriter {
  #buffer: Uint8Array
  #position = 0

  constructor(capacityBytes = 256) {
    this.#buffer = new Uint8Array(Math.max(capacityBytes, 16))
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#position
  }

  /** What was written is its first `position` bytes; only valid until the next write. */
  get buffer(): Uint8Array {
    return this.#buffer
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#position++] = value
  }

  u32le(value: number): void {
    this.#reserve(4)
    this.patchU32le(this.#position, value)
    this.#position += 4
  }

  /** Eight bytes that hold an integer from 0 to 2^53 - 1. */
  u53(value: number): void {
    assertSafe(value)
    this.u32le(value >>> 0)
    this.u32le(Math.floor(value / 0x1_0000_0000))
  }

  /** One byte for every seven bits of an integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    assertSafe(value)
    this.#reserve(8)
    const buffer = this.#buffer
    let at = this.#position
    let rest = value
    if (value > 0xfff_ffff) {
      // Four bytes at once, so that what is left fits the engine's small integers.
      for (let shift = 0; shift < 28; shift += 7) buffer[at++] = (value >>> shift) | 0x80
      rest = Math.floor(value / 0x1000_0000)
    }
    for (; rest > 0x7f; rest >>>= 7) buffer[at++] = rest | 0x80
    buffer[at++] = rest
    this.#position = at
  }

  /** A varint whose first byte gives its second-highest bit to the sign, so that all safe integers fit. */
  signedVarint(value: number): void {
    const magnitude = Math.abs(value)
    assertSafe(magnitude)
    const first = (magnitude & 0x3f) | (value < 0 ? 0x40 : 0)
    if (magnitude <= 0x3f) return this.u8(first)
    this.u8(first | 0x80)
    this.varint(Math.floor(magnitude / 64))
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#position)
    this.#position += bytes.length
  }

  /** Bytes behind their length. */
  lengthAndBytes(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.bytes(bytes)
  }

  /** Overwrites four bytes that were written before. */
  patchU32le(position: number, value: number): void {
    const buffer = this.#buffer
    buffer[position] = value
    buffer[position + 1] = value >>> 8
    buffer[position + 2] = value >>> 16
    buffer[position + 3] = value >>> 24
  }

  /** What was written, in a buffer of exactly that size: a view would send all of the buffer behind it over RPC. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#position)
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#position))
    this.#buffer = grown
  }
}

function assertSafe(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an integer from 0 to 2^53 - 1: ${value}`)
}
