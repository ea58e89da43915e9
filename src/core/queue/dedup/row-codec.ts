import { CorruptError } from "../../bytes/corrupt.ts"
import { ByteReader } from "../../bytes/reader.ts"
import { ByteWriter } from "../../bytes/writer.ts"

const VERSION = 1

const VERSION_BYTES = 1

/** What an entry takes beside its key at most: two signed numbers and the key's length. */
const ENTRY_OVERHEAD_BYTES = 9 + 9 + 4

/** A key, the message that holds it, and until when. */
export interface DedupEntry {
  /** The first instant at which the key is free again. */
  readonly expiresAt: number
  readonly messageId: number
  readonly key: Uint8Array
}

const ZERO: Omit<DedupEntry, "key"> = { expiresAt: 0, messageId: 0 }

/** Bytes that a row of `entries` takes at most. */
export function rowCapacityBytes(keyBytes: number, entries: number): number {
  return VERSION_BYTES + keyBytes + entries * ENTRY_OVERHEAD_BYTES
}

/** Writes entries one behind the other, each as the difference to the one before. */
export class DedupRowWriter {
  readonly #writer = new ByteWriter()
  #last = ZERO

  /** Begins a row, or goes on behind `ids`, whose last entry is `last`. */
  constructor(continued: { readonly ids: Uint8Array; readonly last: Omit<DedupEntry, "key"> } | null) {
    if (continued === null) this.#writer.u8(VERSION)
    else {
      this.#writer.bytes(continued.ids)
      this.#last = continued.last
    }
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#writer.position
  }

  add({ expiresAt, messageId, key }: DedupEntry): void {
    this.#writer.signedVarint(expiresAt - this.#last.expiresAt)
    this.#writer.signedVarint(messageId - this.#last.messageId)
    this.#writer.lengthAndBytes(key)
    this.#last = { expiresAt, messageId }
  }

  finish(): Uint8Array {
    return this.#writer.finish()
  }
}

/** The entries of a stored row in order, at least one; keys are views. Throws CorruptError. */
export function* readDedupRow(ids: Uint8Array): Generator<DedupEntry, void> {
  const reader = new ByteReader(ids)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown version")
  let { expiresAt, messageId } = ZERO
  do {
    expiresAt = sum(expiresAt, reader.signedVarint())
    messageId = sum(messageId, reader.signedVarint())
    yield { expiresAt, messageId, key: reader.lengthAndBytes() }
  } while (reader.remaining > 0)
}

function sum(value: number, difference: number): number {
  const result = value + difference
  if (result < 0 || result > Number.MAX_SAFE_INTEGER) throw new CorruptError("number out of range")
  return result
}
