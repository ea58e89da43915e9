/** MD5 (RFC 1321), which AWS's clients compare bodies with: no protection against anybody, and none is asked of it here. */

const BLOCK_BYTES = 64
const DIGEST_BYTES = 16
/** Where the length of all stands in the last block, in words of 32 bits. */
const LENGTH_WORD = 14
/** Lengths count bits, in 64 of them. */
const BYTES_IN_HIGH_WORD = 2 ** 29
/** The first 32 bits behind the point of |sin(1)|, |sin(2)|, … */
const ADDENDS = words(`
  d76aa478 e8c7b756 242070db c1bdceee f57c0faf 4787c62a a8304613 fd469501
  698098d8 8b44f7af ffff5bb1 895cd7be 6b901122 fd987193 a679438e 49b40821
  f61e2562 c040b340 265e5a51 e9b6c7aa d62f105d 02441453 d8a1e681 e7d3fbc8
  21e1cde6 c33707d6 f4d50d87 455a14ed a9e3e905 fcefa3f8 676f02d9 8d2a4c8a
  fffa3942 8771f681 6d9d6122 fde5380c a4beea44 4bdecfa9 f6bb4b60 bebfbc70
  289b7ec6 eaa127fa d4ef3085 04881d05 d9d4d039 e6db99e5 1fa27cf8 c4ac5665
  f4292244 432aff97 ab9423a7 fc93a039 655b59c3 8f0ccc92 ffeff47d 85845dd1
  6fa87e4f fe2ce6e0 a3014314 4e0811a1 f7537e82 bd3af235 2ad7d2bb eb86d391
`)

/** State and block of the digest under way: there is one at a time, and memory for each would cost more than it. */
const state = new Int32Array(4)
const block = new Int32Array(16)

/** The digest of `bytes`, 16 bytes. */
export function md5(bytes: Uint8Array): Uint8Array {
  state[0] = 0x67452301
  state[1] = 0xefcdab89
  state[2] = 0x98badcfe
  state[3] = 0x10325476
  const wholeEnd = bytes.length - (bytes.length % BLOCK_BYTES)
  for (let at = 0; at < wholeEnd; at += BLOCK_BYTES) {
    readBlock(bytes, at)
    addBlock()
  }
  addEnd(bytes, wholeEnd)
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let at = 0; at < DIGEST_BYTES; at++) digest[at] = state[at >> 2]! >> ((at & 3) << 3)
  return digest
}

function readBlock(bytes: Uint8Array, start: number): void {
  let at = start
  for (let index = 0; index < block.length; index++) {
    block[index] = bytes[at++]! | (bytes[at++]! << 8) | (bytes[at++]! << 16) | (bytes[at++]! << 24)
  }
}

/** What follows the whole blocks: the rest of `bytes`, a bit, zeros, and the length of all in bits. */
function addEnd(bytes: Uint8Array, start: number): void {
  const restBytes = bytes.length - start
  block.fill(0)
  for (let at = 0; at < restBytes; at++) block[at >> 2]! |= bytes[start + at]! << ((at & 3) << 3)
  block[restBytes >> 2]! |= 0x80 << ((restBytes & 3) << 3)
  if (restBytes >= 4 * LENGTH_WORD) {
    addBlock()
    block.fill(0)
  }
  block[LENGTH_WORD] = bytes.length << 3
  block[LENGTH_WORD + 1] = Math.floor(bytes.length / BYTES_IN_HIGH_WORD)
  addBlock()
}

/** The hottest loop of a large message at the doors of AWS: a round in each, four steps at once. */
function addBlock(): void {
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  for (let i = 0; i < 16; i += 4) {
    a = turned(a + (d ^ (b & (c ^ d))) + block[i]! + ADDENDS[i]!, 7, b)
    d = turned(d + (c ^ (a & (b ^ c))) + block[i + 1]! + ADDENDS[i + 1]!, 12, a)
    c = turned(c + (b ^ (d & (a ^ b))) + block[i + 2]! + ADDENDS[i + 2]!, 17, d)
    b = turned(b + (a ^ (c & (d ^ a))) + block[i + 3]! + ADDENDS[i + 3]!, 22, c)
  }
  for (let i = 16; i < 32; i += 4) {
    a = turned(a + (c ^ (d & (b ^ c))) + block[(5 * i + 1) & 15]! + ADDENDS[i]!, 5, b)
    d = turned(d + (b ^ (c & (a ^ b))) + block[(5 * i + 6) & 15]! + ADDENDS[i + 1]!, 9, a)
    c = turned(c + (a ^ (b & (d ^ a))) + block[(5 * i + 11) & 15]! + ADDENDS[i + 2]!, 14, d)
    b = turned(b + (d ^ (a & (c ^ d))) + block[(5 * i) & 15]! + ADDENDS[i + 3]!, 20, c)
  }
  for (let i = 32; i < 48; i += 4) {
    a = turned(a + (b ^ c ^ d) + block[(3 * i + 5) & 15]! + ADDENDS[i]!, 4, b)
    d = turned(d + (a ^ b ^ c) + block[(3 * i + 8) & 15]! + ADDENDS[i + 1]!, 11, a)
    c = turned(c + (d ^ a ^ b) + block[(3 * i + 11) & 15]! + ADDENDS[i + 2]!, 16, d)
    b = turned(b + (c ^ d ^ a) + block[(3 * i + 14) & 15]! + ADDENDS[i + 3]!, 23, c)
  }
  for (let i = 48; i < 64; i += 4) {
    a = turned(a + (c ^ (b | ~d)) + block[(7 * i) & 15]! + ADDENDS[i]!, 6, b)
    d = turned(d + (b ^ (a | ~c)) + block[(7 * i + 7) & 15]! + ADDENDS[i + 1]!, 10, a)
    c = turned(c + (a ^ (d | ~b)) + block[(7 * i + 14) & 15]! + ADDENDS[i + 2]!, 15, d)
    b = turned(b + (d ^ (c | ~a)) + block[(7 * i + 21) & 15]! + ADDENDS[i + 3]!, 21, c)
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
}

function turned(sum: number, by: number, added: number): number {
  return (added + ((sum << by) | (sum >>> (32 - by)))) | 0
}

function words(hex: string): Int32Array {
  return Int32Array.from(hex.trim().split(/\s+/), (word) => Number.parseInt(word, 16))
}
