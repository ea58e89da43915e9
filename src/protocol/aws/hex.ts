const DIGITS = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))

/** The codes of the digits under way, by their number: there are two kinds of digests, and one at a time. */
const kept = new Map<number, number[]>()

/** `bytes` in hexadecimal, in lower case; for digests, which fit the arguments of a call. */
export function toHex(bytes: Uint8Array): string {
  const codes = codesOf(2 * bytes.length)
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    codes[2 * at] = DIGITS[byte >> 4]!
    codes[2 * at + 1] = DIGITS[byte & 15]!
  }
  // in one piece: a text that was put together would have to be joined again whenever it is looked into
  return String.fromCharCode.apply(null, codes)
}

function codesOf(count: number): number[] {
  const known = kept.get(count)
  if (known !== undefined) return known
  const made = new Array<number>(count).fill(0)
  kept.set(count, made)
  return made
}
