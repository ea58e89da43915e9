/** Which two characters stand for 62 and 63. Standard base64 is padded when written, base64url is not. */
export type Alphabet = "standard" | "url"

const COMMON = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const STANDARD = codec(`${COMMON}+/`)
const URL_SAFE = codec(`${COMMON}-_`)
const INVALID = 255
const PADDING = 61
/** `String.fromCharCode` takes its characters as arguments, and the stack ends somewhere. */
const CHUNK_CHARACTERS = 8192

/** `bytes` in base64. */
export function encodeBase64(bytes: Uint8Array, alphabet: Alphabet): string {
  const { characters } = alphabet === "standard" ? STANDARD : URL_SAFE
  const whole = bytes.length - (bytes.length % 3)
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let to = 0
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text[to++] = characters[group >>> 18]!
    text[to++] = characters[(group >>> 12) & 63]!
    text[to++] = characters[(group >>> 6) & 63]!
    text[to++] = characters[group & 63]!
  }
  const surplus = bytes.length === whole ? 0 : 3 - (bytes.length - whole)
  if (alphabet === "url") return asciiText(text.subarray(0, to - surplus))
  text.fill(PADDING, to - surplus, to)
  return asciiText(text)
}

/**
 * The bytes that `text` stands for, or null where it is not base64. Padding may be left out, nothing else may vary:
 * two texts that differ otherwise never give the same bytes.
 */
export function decodeBase64(text: string, alphabet: Alphabet): Uint8Array | null {
  const { values } = alphabet === "standard" ? STANDARD : URL_SAFE
  const length = unpaddedLength(text)
  if (length === null) return null
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let invalid = 0
  let to = 0
  let group = 0
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    const value = code < 128 ? values[code]! : INVALID
    invalid |= value
    group = (group << 6) | (value & 63)
    if ((at & 3) === 0) continue
    bytes[to++] = group >>> (6 - 2 * (at & 3))
  }
  const unusedBits = (length & 3) === 0 ? 0 : 6 - 2 * ((length - 1) & 3)
  if (invalid > 63 || (group & ((1 << unusedBits) - 1)) !== 0) return null
  return bytes
}

/** Length of `text` without correct padding; null where padding or length can't be right. */
function unpaddedLength(text: string): number | null {
  let length = text.length
  if ((length & 3) === 0) {
    if (text.endsWith("==")) length -= 2
    else if (text.endsWith("=")) length -= 1
  }
  return (length & 3) === 1 ? null : length
}

function asciiText(codes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < codes.length; at += CHUNK_CHARACTERS) {
    // spread out, an array is taken apart by its iterator, which takes several times as long
    text += String.fromCharCode.apply(null, codes.subarray(at, at + CHUNK_CHARACTERS) as unknown as number[])
  }
  return text
}

function codec(alphabet: string): { characters: Uint8Array; values: Uint8Array } {
  const characters = Uint8Array.from(alphabet, (character) => character.charCodeAt(0))
  const values = new Uint8Array(128).fill(255)
  characters.forEach((code, value) => (values[code] = value))
  return { characters, values }
}
