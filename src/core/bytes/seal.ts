import { CorruptError } from "./corrupt.ts"
import { crc32c } from "./crc32c.ts"

/** No version of what is sealed begins with it, nor with one of its bits changed: what was stored before there were seals is known by that. */
const MARK = 0xd8
const CRC_AT = 1
const HEAD_BYTES = 5
const NUMBER_BYTES = 8

/**
 * `content` with a checksum of it and of the numbers that stand beside it in its row: state in which a changed bit would
 * still make sense, and lose a message.
 */
export function seal(content: Uint8Array, beside: readonly number[]): Uint8Array {
  const sealed = new Uint8Array(HEAD_BYTES + content.length)
  sealed[0] = MARK
  new DataView(sealed.buffer).setUint32(CRC_AT, checksum(content, beside), true)
  sealed.set(content, HEAD_BYTES)
  return sealed
}

/** What was sealed, as a view; what never was comes back as it is. Throws CorruptError where the checksum is another. */
export function unseal(stored: Uint8Array, beside: readonly number[]): Uint8Array {
  if (stored[0] !== MARK) return stored
  if (stored.length < HEAD_BYTES) throw new CorruptError("a seal without its checksum")
  const content = stored.subarray(HEAD_BYTES)
  const expected = new DataView(stored.buffer, stored.byteOffset).getUint32(CRC_AT, true)
  if (checksum(content, beside) !== expected) throw new CorruptError("checksum")
  return content
}

function checksum(content: Uint8Array, beside: readonly number[]): number {
  const numbers = new DataView(new ArrayBuffer(beside.length * NUMBER_BYTES))
  for (const [index, number] of beside.entries()) numbers.setFloat64(index * NUMBER_BYTES, number, true)
  return crc32c(content, 0, content.length, crc32c(new Uint8Array(numbers.buffer)))
}
