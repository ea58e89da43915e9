import type { ByteReader } from "../bytes/reader.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import type { FrameEntry } from "./types.ts"

/** Columns that a row header leaves out where they would say nothing; a bit each. */
const HAS_OFFSETS = 0x01
const HAS_TIMES = 0x02
const HAS_MESSAGE_IDS = 0x04
const HAS_KEY_HASHES = 0x08
const HAS_EXPIRIES = 0x10
export const KNOWN_COLUMNS = 0x1f

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
    if (entry.expiresAt !== 0) columns |= HAS_EXPIRIES
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
  if ((columns & HAS_EXPIRIES) !== 0) for (const entry of entries) writer.varint(storedExpiry(entry))
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
    entries.push({ offset, appendedAt, messageId, keyHash: 0, expiresAt: 0, length, position })
    position += length
  }
  const keyed = (columns & HAS_KEY_HASHES) === 0 ? entries : entries.map((entry) => withKeyHash(entry, reader.u53()))
  return (columns & HAS_EXPIRIES) === 0 ? keyed : keyed.map((entry) => withStoredExpiry(entry, reader.varint()))
}

/** Counted from the append and plus one, for 0 stands for never: small for a short time to live. */
function storedExpiry({ appendedAt, expiresAt }: FrameEntry): number {
  return expiresAt === 0 ? 0 : expiresAt - appendedAt + 1
}

/** The difference first: a sum beyond 2^53 would be rounded before it is found out of range. */
function withStoredExpiry(entry: FrameEntry, stored: number): FrameEntry {
  return stored === 0 ? entry : { ...entry, expiresAt: entry.appendedAt + (stored - 1) }
}

function withKeyHash(entry: FrameEntry, keyHash: number): FrameEntry {
  return { ...entry, keyHash }
}

function readMany<T>(count: number, read: () => T): T[] {
  const values: T[] = []
  for (let index = 0; index < count; index++) values.push(read())
  return values
}
