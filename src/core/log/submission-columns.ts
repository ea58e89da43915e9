import { CorruptError } from "../bytes/corrupt.ts"
import { keyHash } from "../bytes/key-hash.ts"
import type { ByteReader } from "../bytes/reader.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import type { DedupKey, SendTerms } from "./types.ts"

/** Columns that a batch leaves out where they would say nothing; a bit each. */
const HAS_KEY_HASHES = 0x01
const HAS_DELAYS = 0x02
const HAS_DELIVER_ATS = 0x04
const HAS_TTLS = 0x08
const HAS_DEDUP_KEYS = 0x10
const KNOWN_COLUMNS = 0x1f

/** What an object must know of a submitted frame without decoding it. */
export interface SubmittedFrame {
  /** 0 for no key. */
  readonly keyHash: number
  readonly terms: SendTerms
}

/** What a batch says of its frames, an element each. */
export interface SubmissionColumns {
  /** 0 for no key. */
  readonly keyHashes: readonly number[]
  /** 0 for no delay. */
  readonly delaysMs: readonly number[]
  /** 0 for at once. */
  readonly deliverAts: readonly number[]
  /** 0 for no time to live. */
  readonly ttlsMs: readonly number[]
  /** null for a message that repeats no other. */
  readonly dedupKeys: readonly (DedupKey | null)[]
}

/** Which columns a batch with this frame needs. */
export function columnsOf({ keyHash: hash, terms }: SubmittedFrame): number {
  let columns = hash === 0 ? 0 : HAS_KEY_HASHES
  if (terms.delayMs) columns |= HAS_DELAYS
  if (terms.deliverAt) columns |= HAS_DELIVER_ATS
  if (terms.ttlMs) columns |= HAS_TTLS
  if (terms.dedupKey) columns |= HAS_DEDUP_KEYS
  return columns
}

/** Writes the columns in `columns`, one after the other. */
export function writeColumns(writer: ByteWriter, columns: number, frames: readonly SubmittedFrame[]): void {
  if ((columns & HAS_KEY_HASHES) !== 0) for (const frame of frames) writer.u53(frame.keyHash)
  if ((columns & HAS_DELAYS) !== 0) for (const { terms } of frames) writer.varint(terms.delayMs ?? 0)
  if ((columns & HAS_DELIVER_ATS) !== 0) for (const { terms } of frames) writer.varint(terms.deliverAt ?? 0)
  if ((columns & HAS_TTLS) !== 0) for (const { terms } of frames) writer.varint(terms.ttlMs ?? 0)
  if ((columns & HAS_DEDUP_KEYS) !== 0) for (const { terms } of frames) writeDedupKey(writer, terms.dedupKey)
}

/** Throws CorruptError where `columns` names one that this code does not know. */
export function checkColumns(columns: number): void {
  if ((columns & ~KNOWN_COLUMNS) !== 0) throw new CorruptError("submission columns")
}

/** Reads what `writeColumns` wrote for `count` frames; keys are views. */
export function readColumns(reader: ByteReader, columns: number, count: number): SubmissionColumns {
  const zeros = new Array<number>(count).fill(0)
  const column = (bit: number, read: () => number): readonly number[] =>
    (columns & bit) === 0 ? zeros : zeros.map(() => read())
  return {
    keyHashes: column(HAS_KEY_HASHES, () => reader.u53()),
    delaysMs: column(HAS_DELAYS, () => reader.varint()),
    deliverAts: column(HAS_DELIVER_ATS, () => reader.varint()),
    ttlsMs: column(HAS_TTLS, () => reader.varint()),
    dedupKeys: zeros.map(() => ((columns & HAS_DEDUP_KEYS) === 0 ? null : readDedupKey(reader))),
  }
}

function writeDedupKey(writer: ByteWriter, key: Uint8Array | undefined): void {
  writer.u53(key === undefined ? 0 : keyHash(key))
  if (key !== undefined) writer.lengthAndBytes(key)
}

function readDedupKey(reader: ByteReader): DedupKey | null {
  const hash = reader.u53()
  return hash === 0 ? null : { hash, key: reader.lengthAndBytes() }
}
