import { CorruptError } from "../bytes/corrupt.ts"
import { keyHash } from "../bytes/key-hash.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { writeFrame } from "./frame.ts"
import {
  checkColumns,
  columnsOf,
  readColumns,
  type SubmissionColumns,
  type SubmittedFrame,
  writeColumns,
} from "./submission-columns.ts"
import type { LogRecord, SendTerms, Submission } from "./types.ts"

/** Layout: version, columns that are present, count, bytes of all frames, a length each, the columns, the frames. */
const VERSION = 1
const NO_TERMS: SendTerms = {}

/** The frames of one batch, as an object sees them. */
export interface Submissions extends SubmissionColumns {
  readonly count: number
  readonly frameBytes: number
  /** Per frame, in bytes. */
  readonly lengths: readonly number[]
  /** Where each frame starts within `frames`. */
  readonly positions: readonly number[]
  /** All frames back to back, as a view. */
  readonly frames: Uint8Array
}

/** Collects the records of one batch on their way from the Worker to an object. */
export class SubmissionWriter {
  readonly #frames: ByteWriter
  readonly #lengths: number[] = []
  readonly #submitted: SubmittedFrame[] = []
  #columns = 0

  /** `capacityBytes` is what the frames will need, about. */
  constructor(capacityBytes = 8 * 1024) {
    this.#frames = new ByteWriter(capacityBytes)
  }

  get count(): number {
    return this.#lengths.length
  }

  /** Bytes of all frames so far. */
  get frameBytes(): number {
    return this.#frames.position
  }

  /** Encodes a record as the next frame and returns the frame's length in bytes. */
  add(record: LogRecord, terms: SendTerms = NO_TERMS): number {
    const length = writeFrame(this.#frames, record)
    this.#push(length, { keyHash: record.key === null ? 0 : keyHash(record.key), terms })
    return length
  }

  /** Adds a frame that exists already, such as a dead letter on its way. */
  addFrame(submission: Submission, terms: SendTerms = NO_TERMS): void {
    this.#frames.bytes(submission.frame)
    this.#push(submission.frame.length, { keyHash: submission.keyHash, terms })
  }

  /** The batch, for `decodeSubmissions`. */
  finish(): Uint8Array {
    const columns = new ByteWriter(32 + this.count * 12)
    columns.u8(VERSION)
    columns.u8(this.#columns)
    columns.varint(this.count)
    columns.varint(this.frameBytes)
    for (const length of this.#lengths) columns.varint(length)
    writeColumns(columns, this.#columns, this.#submitted)
    const bytes = new Uint8Array(columns.position + this.frameBytes)
    bytes.set(columns.buffer.subarray(0, columns.position))
    bytes.set(this.#frames.buffer.subarray(0, this.frameBytes), columns.position)
    return bytes
  }

  #push(length: number, submitted: SubmittedFrame): void {
    this.#lengths.push(length)
    this.#submitted.push(submitted)
    this.#columns |= columnsOf(submitted)
  }
}

/** Reads a batch without looking into its frames. Throws CorruptError where it is not one. */
export function decodeSubmissions(bytes: Uint8Array): Submissions {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("submission version")
  const columns = reader.u8()
  checkColumns(columns)
  const count = reader.varint()
  const frameBytes = reader.varint()
  const lengths: number[] = []
  const positions: number[] = []
  let position = 0
  for (let index = 0; index < count; index++) {
    const length = reader.varint()
    positions.push(position)
    lengths.push(length)
    position += length
  }
  const described = readColumns(reader, columns, count)
  if (position !== frameBytes) throw new CorruptError("lengths of submitted frames")
  const frames = reader.bytes(frameBytes)
  reader.end()
  return { count, frameBytes, lengths, positions, frames, ...described }
}
