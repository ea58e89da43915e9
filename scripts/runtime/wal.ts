/** What a write-ahead log of SQLite holds: https://sqlite.org/fileformat2.html#walformat. */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682
/** The last bit of the magic number: whether checksums read words with the high byte first. */
const BIG_ENDIAN = 1

const CHECKSUM_BYTES = 8
const FORMAT = 3_007_000
const USUAL_PAGE_BYTES = 4096

/** Two sums, each of 32 bits. */
type Checksum = readonly [number, number]

/** A frame, or the header, as the log goes on from it. */
interface Link {
  readonly at: number
  readonly isWhole: boolean
  readonly isCommit: boolean
}

/**
 * Where a write-ahead log is damaged in the midst of what was committed, or null where it is not. SQLite takes the first
 * frame whose checksum is wrong for the end of the log, as it is after a crash: every commit behind it would be lost
 * without a word. A crash leaves nothing of a later commit behind, since each is on disk before the next is begun.
 */
export function damageOfWal(wal: Uint8Array): number | null {
  let damagedAt: number | null = null
  let hasCommit = false
  for (const { at, isWhole, isCommit } of linksOf(wal)) {
    if (isWhole && damagedAt !== null && hasCommit) return damagedAt
    if (!isWhole) damagedAt ??= at
    if (damagedAt !== null && isCommit) hasCommit = true
  }
  return null
}

/**
 * The log up to its last whole commit, with checksums that are right all the way: SQLite reads what stands behind damage.
 * A frame that no longer says which page it holds is left out; another damaged one holds its page as it is, which matters
 * only where that was not written again.
 */
export function mendedWal(wal: Uint8Array): Uint8Array {
  const links = [...linksOf(wal)]
  const last = links.findLastIndex(({ isWhole, isCommit }) => isWhole && isCommit)
  if (last <= 0) return wal
  const old = viewOf(wal)
  const frameBytes = FRAME_HEADER_BYTES + pageBytesOf(old)
  const frames = links.slice(1, last + 1).filter(({ at }) => isEqual(statedAt(old, at + 8), statedAt(old, 16)))
  const mended = new Uint8Array(HEADER_BYTES + frames.length * frameBytes)
  mended.set(wal.subarray(0, HEADER_BYTES))
  for (const [nth, { at }] of frames.entries()) {
    mended.set(wal.subarray(at, at + frameBytes), HEADER_BYTES + nth * frameBytes)
  }
  stateChecksums(viewOf(mended), frameBytes)
  return mended
}

function stateChecksums(view: DataView, frameBytes: number): void {
  view.setUint32(0, MAGIC)
  view.setUint32(4, FORMAT)
  view.setUint32(8, frameBytes - FRAME_HEADER_BYTES)
  let sum = sumOf(view, 0, HEADER_BYTES - CHECKSUM_BYTES, true)
  const state = (at: number): void => sum.forEach((word, index) => view.setUint32(at + 4 * index, word))
  state(HEADER_BYTES - CHECKSUM_BYTES)
  for (let at = HEADER_BYTES; at < view.byteLength; at += frameBytes) {
    sum = sumOf(view, at + FRAME_HEADER_BYTES, at + frameBytes, true, sumOf(view, at, at + 8, true, sum))
    state(at + FRAME_HEADER_BYTES - CHECKSUM_BYTES)
  }
}

/** The header, then the frames. The one behind a damaged one is whole where it goes on from what that one states. */
function* linksOf(wal: Uint8Array): Generator<Link, void> {
  if (wal.length < HEADER_BYTES) return
  const view = viewOf(wal)
  const isLittleEndian = (view.getUint32(0) & BIG_ENDIAN) === 0
  const isKnown = (view.getUint32(0) & ~BIG_ENDIAN) >>> 0 === MAGIC
  // what was there before the header was written is of another log; what is of this one was committed behind it
  yield { at: 0, isWhole: isKnown && isEqual(sumOf(view, 0, 24, isLittleEndian), statedAt(view, 24)), isCommit: true }
  const salts = statedAt(view, 16)
  const frameBytes = FRAME_HEADER_BYTES + pageBytesOf(view)
  let before = statedAt(view, 24)
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    const stated = statedAt(view, at + 16)
    const ofHeader = sumOf(view, at, at + 8, isLittleEndian, before)
    const sum = sumOf(view, at + FRAME_HEADER_BYTES, at + frameBytes, isLittleEndian, ofHeader)
    const isWhole = isEqual(statedAt(view, at + 8), salts) && isEqual(sum, stated)
    yield { at, isWhole, isCommit: view.getUint32(at + 4) > 0 }
    before = stated
  }
}

function viewOf(wal: Uint8Array): DataView {
  return new DataView(wal.buffer, wal.byteOffset, wal.length)
}

/** As the header says, or as usual where that can't be. */
function pageBytesOf(view: DataView): number {
  const stated = view.getUint32(8)
  return stated >= 512 && stated <= 65_536 && (stated & (stated - 1)) === 0 ? stated : USUAL_PAGE_BYTES
}

function statedAt(view: DataView, at: number): Checksum {
  return [view.getUint32(at), view.getUint32(at + 4)]
}

function isEqual(one: Checksum, other: Checksum): boolean {
  return one[0] === other[0] && one[1] === other[1]
}

function sumOf(view: DataView, from: number, to: number, isLittleEndian: boolean, before: Checksum = [0, 0]): Checksum {
  let [one, other] = before
  for (let at = from; at < to; at += 8) {
    one = (one + view.getUint32(at, isLittleEndian) + other) | 0
    other = (other + view.getUint32(at + 4, isLittleEndian) + one) | 0
  }
  return [one >>> 0, other >>> 0]
}
