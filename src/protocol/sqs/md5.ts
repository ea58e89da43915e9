import { md5 } from "../../core/bytes/md5.ts"
import { toHex } from "../aws/hex.ts"
import { encodeUtf8 } from "../native/fields.ts"

/** One attribute as a digest covers it. */
export interface DigestedAttribute {
  readonly name: string
  readonly dataType: string
  /** The text of a String or Number in UTF-8, the bytes of a Binary. */
  readonly value: Uint8Array
}

/** What stands before a value in a digest. */
const TEXT_VALUE = 1
const BINARY_VALUE = 2
const LENGTH_BYTES = 4

/** The MD5 of `bytes` in hexadecimal: what clients compare a body with. */
export function md5Hex(bytes: Uint8Array): string {
  return toHex(md5(bytes))
}

/** `MD5OfMessageAttributes`: of names, types and values, sorted by name, each behind its length. */
export function md5OfAttributes(attributes: readonly DigestedAttribute[]): string {
  const digested = [...attributes].sort(byName).map(({ name, dataType, value }) => ({
    name: encodeUtf8(name),
    dataType: encodeUtf8(dataType),
    kind: isBinaryType(dataType) ? BINARY_VALUE : TEXT_VALUE,
    value,
  }))
  let bytes = 0
  for (const { name, dataType, value } of digested) {
    bytes += 3 * LENGTH_BYTES + 1 + name.length + dataType.length + value.length
  }
  const all = new Uint8Array(bytes)
  const view = new DataView(all.buffer)
  let at = 0
  const add = (part: Uint8Array): void => {
    view.setUint32(at, part.length)
    all.set(part, at + LENGTH_BYTES)
    at += LENGTH_BYTES + part.length
  }
  for (const { name, dataType, kind, value } of digested) {
    add(name)
    add(dataType)
    all[at++] = kind
    add(value)
  }
  return md5Hex(all)
}

/** Whether a value of this type is bytes; a label may follow the type. */
export function isBinaryType(dataType: string): boolean {
  return dataType === "Binary" || dataType.startsWith("Binary.")
}

function byName(one: DigestedAttribute, other: DigestedAttribute): number {
  if (one.name === other.name) return 0
  return one.name < other.name ? -1 : 1
}
