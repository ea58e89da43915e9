import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { MAX_RECEIVE_ATTEMPTS, RECEIVE_ATTEMPT_MS } from "../limits.ts"
import type { QueueChanges, ReceiveAttemptRow } from "./changes.ts"

/** Attempts forgotten by one commit. */
const MAX_FORGOTTEN = 100

/** A message as a receive handed it out. */
export interface HandedOut {
  readonly offset: number
  readonly attempt: number
}

interface ReceiveAttempt {
  readonly expiresAt: number
  readonly handedOut: readonly HandedOut[]
}

/** What receives with an attempt id handed out, so that one whose answer was lost can be repeated. */
export class ReceiveAttempts {
  /** In order of age. */
  readonly #attempts = new Map<string, ReceiveAttempt>()
  readonly #written = new Set<string>()
  #newestExpiresAt = 0

  constructor(stored: readonly ReceiveAttemptRow[]) {
    for (const { id, expiresAt, leases } of [...stored].sort((a, b) => a.expiresAt - b.expiresAt)) {
      this.#add(id, { expiresAt, handedOut: decodeHandedOut(leases) })
    }
  }

  /** What the receive under `id` handed out, or null. */
  find(id: string, now: number): readonly HandedOut[] | null {
    const attempt = this.#attempts.get(id)
    return attempt && attempt.expiresAt > now ? attempt.handedOut : null
  }

  remember(id: string, handedOut: readonly HandedOut[], now: number): void {
    this.#attempts.delete(id)
    this.#add(id, { expiresAt: now + RECEIVE_ATTEMPT_MS, handedOut })
    this.#written.add(id)
  }

  /** When an idle queue should wake to forget all of them: they cost nothing until then. */
  get nextSweepAt(): number | null {
    return this.#attempts.size > 0 ? this.#newestExpiresAt : null
  }

  /** What the commit stores; the oldest beyond their time are forgotten. */
  takeChanges(now: number): QueueChanges["attempts"] {
    const written = [...this.#written].map((id) => {
      const { expiresAt, handedOut } = this.#attempts.get(id)!
      return { id, expiresAt, leases: encodeHandedOut(handedOut) }
    })
    this.#written.clear()
    const removed: string[] = []
    for (const [id, { expiresAt }] of this.#attempts) {
      const isKept = expiresAt > now && this.#attempts.size <= MAX_RECEIVE_ATTEMPTS
      if (isKept || removed.length >= MAX_FORGOTTEN) break
      this.#attempts.delete(id)
      removed.push(id)
    }
    return { written, removed }
  }

  #add(id: string, attempt: ReceiveAttempt): void {
    this.#attempts.set(id, attempt)
    this.#newestExpiresAt = Math.max(this.#newestExpiresAt, attempt.expiresAt)
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
    return Array.from({ length: count }, () => ({ offset: reader.varint(), attempt: reader.varint() }))
  } catch (error) {
    if (error instanceof CorruptError) return []
    throw error
  }
}
