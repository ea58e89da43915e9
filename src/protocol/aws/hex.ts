const DIGITS = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))

/** `bytes` in hexadecimal, in lower case; for digests, which fit the arguments of a call. */
export function toHex(bytes: Uint8Array): string {
  const codes: number[] = []
  for (const byte of bytes) codes.push(DIGITS[byte >> 4]!, DIGITS[byte & 15]!)
  // in one piece: a text that was put together would have to be joined again whenever it is looked into
  return String.fromCharCode.apply(null, codes)
}
