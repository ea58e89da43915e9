import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { PAGE_OFFSETS } from "../limits.ts"
import { type Cells, DELAYED, DONE, emptyCells, hasHistory, IN_FLIGHT, keepHistory, sameState } from "./cells.ts"

const VERSION = 1
const KEYED_FLAG = 1

/** Bits of a run's first byte: the kind, then which fields follow. */
const KIND_MASK = 3
const ATTEMPTED = 4
const CONSUMED = 8
const ALL_BITS = KIND_MASK | ATTEMPTED | CONSUMED

const GROUP_BYTES = 8

/** Times are stored as the difference to the previous run's: most leases end together. */
export interface Clock {
  at: number
  firstAt: number
}

/** A page's first `used` cells as runs of equal state, then the groups of its live cells. */
export function encodePage(cells: Cells, used: number): Uint8Array {
  const writer = new ByteWriter(64)
  writer.u8(VERSION)
  writer.u8(cells.group ? KEYED_FLAG : 0)
  writer.varint(used)
  const clock = { at: 0, firstAt: 0 }
  for (let start = 0; start < used;) {
    const end = runEnd(cells, start, used)
    writer.varint(end - start)
    writeState(writer, cells, start, clock)
    start = end
  }
  const runs = writer.finish()
  return cells.group ? joinGroups(runs, cells, cells.group, used) : runs
}

/** The inverse of `encodePage`. Throws CorruptError for anything that it did not write. */
export function decodePage(bytes: Uint8Array): { cells: Cells; used: number } {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown page version")
  const flags = reader.u8()
  if (flags > KEYED_FLAG) throw new CorruptError("unknown page flags")
  const cells = emptyCells(flags === KEYED_FLAG)
  const used = reader.varint()
  if (used > PAGE_OFFSETS) throw new CorruptError("page too long")
  const clock = { at: 0, firstAt: 0 }
  for (let start = 0; start < used;) {
    const length = reader.varint()
    if (length === 0 || start + length > used) throw new CorruptError("run outside its page")
    readState(reader, cells, start, length, clock)
    start += length
  }
  if (cells.group) readGroups(reader, cells, cells.group, used)
  reader.end()
  return { cells, used }
}

/** First index behind the run of equal state that begins at `start`. */
export function runEnd(cells: Cells, start: number, limit: number): number {
  let end = start + 1
  if (hasHistory(cells)) while (end < limit && sameState(cells, start, end)) end++
  else while (end < limit && cells.kind[start] === cells.kind[end]) end++
  return end
}

/** One run's state: kind, then only the fields that the kind and its history have. */
export function writeState(writer: ByteWriter, cells: Cells, index: number, clock: Clock): void {
  const kind = cells.kind[index]!
  const attempted = cells.attempt[index] !== 0
  const consumed = cells.consumer[index] !== 0
  writer.u8(kind | (attempted ? ATTEMPTED : 0) | (consumed ? CONSUMED : 0))
  if (kind === IN_FLIGHT || kind === DELAYED) {
    writer.signedVarint(cells.at[index]! - clock.at)
    clock.at = cells.at[index]!
  }
  if (attempted) {
    writer.varint(cells.attempt[index]!)
    writer.varint(cells.count[index]!)
    writer.signedVarint(cells.firstAt[index]! - clock.firstAt)
    clock.firstAt = cells.firstAt[index]!
  }
  if (consumed) writer.varint(cells.consumer[index]!)
}

/** Reads one run's state into `length` cells from `start`. */
export function readState(reader: ByteReader, cells: Cells, start: number, length: number, clock: Clock): void {
  const head = reader.u8()
  const kind = head & KIND_MASK
  const isAttempted = (head & ATTEMPTED) !== 0
  const isConsumed = (head & CONSUMED) !== 0
  if (head > ALL_BITS || (kind === DONE && head !== DONE)) throw new CorruptError("unknown state")
  if ((kind === IN_FLIGHT && !isAttempted) || (kind !== IN_FLIGHT && isConsumed))
    throw new CorruptError("unknown state")
  const end = start + length
  const isTimed = kind === IN_FLIGHT || kind === DELAYED
  if (isTimed || isAttempted) keepHistory(cells)
  if (isTimed) clock.at = safe(clock.at + reader.signedVarint())
  cells.kind.fill(kind, start, end)
  if (!hasHistory(cells)) return
  cells.at.fill(isTimed ? clock.at : 0, start, end)
  cells.attempt.fill(isAttempted ? u32(reader) : 0, start, end)
  cells.count.fill(isAttempted ? u32(reader) : 0, start, end)
  if (isAttempted) clock.firstAt = safe(clock.firstAt + reader.signedVarint())
  cells.firstAt.fill(isAttempted ? clock.firstAt : 0, start, end)
  cells.consumer.fill(isConsumed ? u32(reader) : 0, start, end)
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new CorruptError("number out of range")
  return value
}

function u32(reader: ByteReader): number {
  const value = reader.varint()
  if (value > 0xffff_ffff) throw new CorruptError("number out of range")
  return value
}

/** As a writer's `u53`, but without its checks and copies: a page has a thousand, and a fold has a thousand pages. */
function joinGroups(runs: Uint8Array, { kind }: Cells, group: Float64Array, used: number): Uint8Array {
  let live = 0
  for (let index = 0; index < used; index++) if (kind[index] !== DONE) live++
  const bytes = new Uint8Array(runs.length + live * GROUP_BYTES)
  bytes.set(runs)
  const view = new DataView(bytes.buffer)
  let at = runs.length
  for (let index = 0; index < used; index++) {
    if (kind[index] === DONE) continue
    const hash = group[index]!
    view.setUint32(at, hash >>> 0, true)
    view.setUint32(at + 4, Math.floor(hash / 2 ** 32), true)
    at += GROUP_BYTES
  }
  return bytes
}

function readGroups(reader: ByteReader, { kind }: Cells, group: Float64Array, used: number): void {
  let live = 0
  for (let index = 0; index < used; index++) if (kind[index] !== DONE) live++
  const bytes = reader.bytes(live * GROUP_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  for (let index = 0; index < used; index++) {
    if (kind[index] === DONE) continue
    group[index] = safe(view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true))
    at += GROUP_BYTES
  }
}
