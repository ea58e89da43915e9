import type { ByteReader } from "../bytes/reader.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import type { FrameEntry } from "./types.ts"

/** Columns that a row header leaves out where they would say nothing; a bit each. */
const HAS_OFFSETS = 0x01
const HAS_TIMES = 0x02
const HAS_MESSAGE_IDS = 0x04
const HAS_KEY_HASHES = 0x08
export const KNOWN_COLUMNS = 0x0f

/** What the first frame of a row has; the columns hold differences from one frame to the next. */
export interface RowBase {
  readonly offset: number
  readonly appendedAt: number
  readonly messageId: number
}

/** Which columns `entries` need. */
export function columnsOf(entries: readonly FrameEntry[]): number {
  let columns = 0
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!
    if (entry.keyHash !== 0) columns |= HAS_KEY_HASHES
    const before = entries[index - 1]
    if (before === undefined) continue
    if (entry.offset !== before.offset + 1) columns |= HAS_OFFSETS
    if (entry.appendedAt !== before.appendedAt) columns |= HAS_TIMES
    if (entry.messageId !== before.messageId + 1) columns |= HAS_MESSAGE_IDS
  }
  return columns
}

/** Writes the length column, which is always there, then those in `columns`. */
export function writeColumns(writer: ByteWriter, columns: number, entries: readonly FrameEntry[]): void {
  for (const { length } of entries) writer.varint(length)
  for (let index = 1; index < entries.length; index++) {
    const before = entries[index - 1]!
    const entry = entries[index]!
    if ((columns & HAS_OFFSETS) !== 0) writer.varint(entry.offset - before.offset - 1)
    if ((columns & HAS_TIMES) !== 0) writer.varint(entry.appendedAt - before.appendedAt)
    if ((columns & HAS_MESSAGE_IDS) !== 0) writer.signedVarint(entry.messageId - before.messageId)
  }
  if ((columns & HAS_KEY_HASHES) !== 0) for (const { keyHash } of entries) writer.u53(keyHash)
}

/** Reads what `writeColumns` wrote for `count` frames. */
export function readColumns(reader: ByteReader, columns: number, count: number, base: RowBase): FrameEntry[] {
  const lengths = readMany(count, () => reader.varint())
  const entries: FrameEntry[] = []
  let { offset, appendedAt, messageId } = base
  let position = 0
  for (let index = 0; index < count; index++) {
    if (index > 0) {
      offset += 1 + ((columns & HAS_OFFSETS) === 0 ? 0 : reader.varint())
      if ((columns & HAS_TIMES) !== 0) appendedAt += reader.varint()
      messageId += (columns & HAS_MESSAGE_IDS) === 0 ? 1 : reader.signedVarint()
    }
    const length = lengths[index]!
    entries.push({ offset, appendedAt, messageId, keyHash: 0, length, position })
    position += length
  }
  if ((columns & HAS_KEY_HASHES) === 0) return entries
  return entries.map((entry) => ({ ...entry, keyHash: reader.u53() }))
}

function readMany<T>(count: number, read: () => T): T[] {
  const values: T[] = []
  for (let index = 0; index < count; index++) values.push(read())
  return values
}
