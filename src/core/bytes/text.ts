/** UTF-8 of a string; lone surrogates become U+FFFD, as in TextEncoder, which core does not have. */
export function utf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), trailing(point))
    else if (point >= 0xd800 && point < 0xe000) bytes.push(0xef, 0xbf, 0xbd)
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), trailing(point >> 6), trailing(point))
    else bytes.push(0xf0 | (point >> 18), trailing(point >> 12), trailing(point >> 6), trailing(point))
  }
  return Uint8Array.from(bytes)
}

function trailing(bits: number): number {
  return 0x80 | (bits & 0x3f)
}
