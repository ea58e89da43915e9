/** SHA-256 (FIPS 180-4) and HMAC with it, at once: of a few hundred bytes a call to WebCrypto costs more than they do. */

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** Where the length of all stands in the last block, in words of 32 bits. */
const LENGTH_WORD = 14
/** Lengths count bits, in 64 of them. */
const BYTES_IN_HIGH_WORD = 2 ** 29
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
const INITIAL = words("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19")
/** The first 32 bits of the cube roots' fractions of the first 64 primes. */
const ADDENDS = words(`
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
  d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
  e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
  27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
  a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
  748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2
`)

/** State and schedule of the digest under way: there is one at a time, and memory for each would cost more than it. */
const state = new Int32Array(INITIAL.length)
const schedule = new Int32Array(ADDENDS.length)
const block = schedule.subarray(0, BLOCK_BYTES / 4)

/** A key of HMAC: what is hashed before a text, and before the hash of that. */
export interface HmacKey {
  readonly inner: Int32Array
  readonly outer: Int32Array
}

/** The digest of `bytes`, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  state.set(INITIAL)
  return digestOf(bytes, 0)
}

/** The HMAC of `bytes`, 32 bytes. */
export function hmacSha256({ inner, outer }: HmacKey, bytes: Uint8Array): Uint8Array {
  state.set(inner)
  const hashed = digestOf(bytes, BLOCK_BYTES)
  state.set(outer)
  return digestOf(hashed, BLOCK_BYTES)
}

/** Makes a key of `bytes`. */
export function hmacKey(bytes: Uint8Array): HmacKey {
  const key = bytes.length > BLOCK_BYTES ? sha256(bytes) : bytes
  return { inner: padded(key, INNER_PAD), outer: padded(key, OUTER_PAD) }
}

/** The state behind the block that `key` makes with a pad. */
function padded(key: Uint8Array, pad: number): Int32Array {
  const bytes = new Uint8Array(BLOCK_BYTES).fill(pad)
  for (let at = 0; at < key.length; at++) bytes[at]! ^= key[at]!
  state.set(INITIAL)
  readBlock(bytes, 0)
  addBlock()
  return state.slice()
}

/** Adds `bytes` to the state, behind `before` others in whole blocks, and ends it. */
function digestOf(bytes: Uint8Array, before: number): Uint8Array {
  const wholeEnd = bytes.length - (bytes.length % BLOCK_BYTES)
  for (let at = 0; at < wholeEnd; at += BLOCK_BYTES) {
    readBlock(bytes, at)
    addBlock()
  }
  addEnd(bytes, wholeEnd, before + bytes.length)
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let at = 0; at < DIGEST_BYTES; at++) digest[at] = state[at >> 2]! >> ((3 - (at & 3)) << 3)
  return digest
}

function readBlock(bytes: Uint8Array, start: number): void {
  let at = start
  for (let index = 0; index < LENGTH_WORD + 2; index++) {
    block[index] = (bytes[at++]! << 24) | (bytes[at++]! << 16) | (bytes[at++]! << 8) | bytes[at++]!
  }
}

/** What follows the whole blocks: the rest of `bytes`, a bit, zeros, and the length of all in bits. */
function addEnd(bytes: Uint8Array, start: number, allBytes: number): void {
  const restBytes = bytes.length - start
  block.fill(0)
  for (let at = 0; at < restBytes; at++) block[at >> 2]! |= bytes[start + at]! << ((3 - (at & 3)) << 3)
  block[restBytes >> 2]! |= 0x80 << ((3 - (restBytes & 3)) << 3)
  if (restBytes >= 4 * LENGTH_WORD) {
    addBlock()
    block.fill(0)
  }
  block[LENGTH_WORD] = Math.floor(allBytes / BYTES_IN_HIGH_WORD)
  block[LENGTH_WORD + 1] = allBytes << 3
  addBlock()
}

function expand(): void {
  for (let i = 16; i < 64; i++) {
    const early = schedule[i - 15]!
    const late = schedule[i - 2]!
    const low = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const high = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    schedule[i] = schedule[i - 16]! + low + schedule[i - 7]! + high
  }
}

function addBlock(): void {
  expand()
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < 64; i++) {
    const chosen = g ^ (e & (f ^ g))
    const sum = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + ADDENDS[i]! + schedule[i]!) | 0
    const most = (a & b) | (c & (a | b))
    h = g
    g = f
    f = e
    e = (d + sum) | 0
    d = c
    c = b
    b = a
    a = (sum + ((turned(b, 2) ^ turned(b, 13) ^ turned(b, 22)) + most)) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
  state[4] = state[4]! + e
  state[5] = state[5]! + f
  state[6] = state[6]! + g
  state[7] = state[7]! + h
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

function words(hex: string): Int32Array {
  return Int32Array.from(hex.trim().split(/\s+/), (word) => Number.parseInt(word, 16))
}
