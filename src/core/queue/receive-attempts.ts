import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { MAX_RECEIVE_ATTEMPT_BYTES, RECEIVE_ATTEMPT_MS } from "../limits.ts"
import type { QueueChanges, ReceiveAttemptRow } from "./changes.ts"

/** Attempts whose time is over that one commit forgets. */
const MAX_FORGOTTEN = 100
/** What an attempt counts besides its messages: its id and what is kept with it. */
const ATTEMPT_BYTES = 256

/** A message as a receive handed it out. */
export interface HandedOut {
  readonly offset: number
  readonly attempt: number
}

/** What was handed out stays encoded: it is asked for once in a while, and may be a thousand messages. */
interface ReceiveAttempt {
  readonly expiresAt: number
  readonly leases: Uint8Array
}

/** What receives with an attempt id handed out, so that one whose answer was lost can be repeated. */
export class ReceiveAttempts {
  /** In order of age. */
  readonly #attempts = new Map<string, ReceiveAttempt>()
  readonly #written = new Set<string>()
  #newestExpiresAt = 0
  #bytes = 0

  constructor(stored: readonly ReceiveAttemptRow[]) {
    for (const { id, expiresAt, leases } of [...stored].sort((a, b) => a.expiresAt - b.expiresAt)) {
      this.#add(id, { expiresAt, leases })
    }
  }

  /** What the receive under `id` handed out, or null. */
  find(id: string, now: number): readonly HandedOut[] | null {
    const attempt = this.#attempts.get(id)
    return attempt && attempt.expiresAt > now ? decodeHandedOut(attempt.leases) : null
  }

  remember(id: string, handedOut: readonly HandedOut[], now: number): void {
    this.#remove(id)
    this.#add(id, { expiresAt: now + RECEIVE_ATTEMPT_MS, leases: encodeHandedOut(handedOut) })
    this.#written.add(id)
  }

  /** When an idle queue should wake to forget all of them: they cost nothing until then. */
  get nextSweepAt(): number | null {
    return this.#attempts.size > 0 ? this.#newestExpiresAt : null
  }

  /** What the commit stores; those whose time is over are forgotten, and the oldest where they are too much. */
  takeChanges(now: number): QueueChanges["attempts"] {
    const removed: string[] = []
    for (const [id, { expiresAt }] of this.#attempts) {
      const isOver = expiresAt <= now && removed.length < MAX_FORGOTTEN
      if (!isOver && this.#bytes <= MAX_RECEIVE_ATTEMPT_BYTES) break
      this.#remove(id)
      removed.push(id)
    }
    const written: ReceiveAttemptRow[] = []
    for (const id of this.#written) {
      const attempt = this.#attempts.get(id)
      if (attempt) written.push({ id, ...attempt })
    }
    this.#written.clear()
    return { written, removed }
  }

  #add(id: string, attempt: ReceiveAttempt): void {
    this.#attempts.set(id, attempt)
    this.#bytes += attempt.leases.length + ATTEMPT_BYTES
    this.#newestExpiresAt = Math.max(this.#newestExpiresAt, attempt.expiresAt)
  }

  #remove(id: string): void {
    const attempt = this.#attempts.get(id)
    if (!attempt) return
    this.#attempts.delete(id)
    this.#bytes -= attempt.leases.length + ATTEMPT_BYTES
  }
}

function encodeHandedOut(handedOut: readonly HandedOut[]): Uint8Array {
  const writer = new ByteWriter(16 + handedOut.length * 8)
  writer.varint(handedOut.length)
  for (const { offset, attempt } of handedOut) {
    writer.varint(offset)
    writer.varint(attempt)
  }
  return writer.finish()
}

/** A damaged row repeats nothing. */
function decodeHandedOut(bytes: Uint8Array): readonly HandedOut[] {
  try {
    const reader = new ByteReader(bytes)
    const count = reader.varint()
    if (count > reader.remaining) throw new CorruptError("more messages than there are bytes")
    return Array.from({ length: count }, () => ({ offset: reader.varint(), attempt: reader.varint() }))
  } catch (error) {
    if (error instanceof CorruptError) return []
    throw error
  }
}
