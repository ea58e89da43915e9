/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78
const SLICES = 8
const TABLE = buildTable()

/**
 * CRC-32C of `bytes[start, end)` as an unsigned 32-bit integer.
 * `previous` is the checksum of what came before, so that separate pieces can share one checksum.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  let crc = ~previous
  let at = start
  // Eight bytes a step through eight tables (slicing-by-8): the byte-wise loop is six times slower.
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      TABLE[1792 | (low & 0xff)]! ^
      TABLE[1536 | ((low >>> 8) & 0xff)]! ^
      TABLE[1280 | ((low >>> 16) & 0xff)]! ^
      TABLE[1024 | (low >>> 24)]! ^
      TABLE[768 | bytes[at + 4]!]! ^
      TABLE[512 | bytes[at + 5]!]! ^
      TABLE[256 | bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function buildTable(): Int32Array {
  const table = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    table[byte] = crc
  }
  for (let at = 256; at < table.length; at++) {
    const previous = table[at - 256]!
    table[at] = table[previous & 0xff]! ^ (previous >>> 8)
  }
  return table
}
