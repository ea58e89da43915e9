import { expect } from "vitest"
import { keyHash } from "../../../src/core/bytes/key-hash.ts"
import { MAX_DEDUP_DELETIONS, MAX_ROW_BYTES } from "../../../src/core/limits.ts"
import type { DedupKey } from "../../../src/core/log/types.ts"
import type { DedupRow, RowChanges } from "../../../src/core/queue/changes.ts"
import { DedupWindow } from "../../../src/core/queue/dedup/dedup-window.ts"
import { DedupRowWriter, readDedupRow } from "../../../src/core/queue/dedup/row-codec.ts"

const M = 0x5bd1e995
/** M * M_INVERSE is 1 modulo 2^32. */
const M_INVERSE = 0xe59b19bd
const TOP_BIT = 0x80000000

export function keyOf(name: string): DedupKey {
  return hashed(new TextEncoder().encode(name))
}

export function keysOf(commit: number, count: number): readonly DedupKey[] {
  return Array.from({ length: count }, (_, index) => keyOf(`order-${commit}-${index}`))
}

/** Stored bytes that hold the names under the ids 0, 1, 2… */
export function rowOf(names: readonly string[], expiresAt: number): Uint8Array {
  const writer = new DedupRowWriter(null)
  for (const [index, name] of names.entries()) writer.add({ expiresAt, messageId: index, key: keyOf(name).key })
  return writer.finish()
}

/** 2^bits different keys that share a hash: murmur2 lets the top bit of one word cancel that of the next. */
export function collidingKeys(bits: number): readonly DedupKey[] {
  return Array.from({ length: 2 ** bits }, (_, choice) => {
    const words = Array.from({ length: 2 * bits }, (_, index) => {
      const word = 0x11111111 * (index + 1)
      return (choice >> (index >> 1)) & 1 ? unmixed(mixed(word) ^ TOP_BIT) : word
    })
    return hashed(new Uint8Array(Uint32Array.from(words).buffer))
  })
}

function hashed(key: Uint8Array): DedupKey {
  return { hash: keyHash(key), key }
}

/** What murmur2 does to a word before it joins the hash. */
function mixed(word: number): number {
  const product = Math.imul(word, M)
  return Math.imul(product ^ (product >>> 24), M)
}

function unmixed(word: number): number {
  const product = Math.imul(word, M_INVERSE)
  return Math.imul(product ^ (product >>> 24), M_INVERSE)
}

/** A window with its rows, as a queue would use it. */
export class DedupScene {
  readonly rows = new Map<number, DedupRow>()
  readonly reads: number[] = []
  window = this.#newWindow()
  lastMessageId = 0
  #highestNo = 0

  /** As after a restart. */
  reload(): void {
    this.window = this.#newWindow()
    const rows = [...this.rows.values()].sort((a, b) => a.no - b.no)
    for (const row of rows) this.window.restore(row)
    this.#highestNo = rows.at(-1)?.no ?? 0
  }

  /** Sends under a key: answers the id of the message that holds it, or of the new one. */
  send(key: DedupKey, now: number, windowMs: number): number {
    const known = this.window.find(key, now)
    if (known !== null) return known
    this.window.add(key, ++this.lastMessageId, now + windowMs)
    return this.lastMessageId
  }

  /** Sends all in a commit of their own. */
  commitOf(keys: readonly DedupKey[], now: number, windowMs: number): RowChanges<DedupRow, number> {
    for (const key of keys) this.send(key, now, windowMs)
    return this.commit(now)
  }

  commit(now: number): RowChanges<DedupRow, number> {
    const changes = this.window.takeChanges(now)
    for (const row of changes.written) this.#write(row)
    expect(changes.removed.length).toBeLessThanOrEqual(MAX_DEDUP_DELETIONS)
    for (const no of changes.removed) {
      expect(this.rows.get(no)!.expiresAt).toBeLessThanOrEqual(now)
      this.rows.delete(no)
    }
    return changes
  }

  #write(row: DedupRow): void {
    expect(row.no).toBeGreaterThanOrEqual(this.#highestNo)
    this.#highestNo = row.no
    expect(row.ids.length).toBeLessThanOrEqual(MAX_ROW_BYTES)
    const expiries = [...readDedupRow(row.ids)].map(({ expiresAt }) => expiresAt)
    expect(row.expiresAt).toBe(expiries.reduce((latest, expiresAt) => Math.max(latest, expiresAt)))
    this.rows.set(row.no, row)
  }

  #newWindow(): DedupWindow {
    return new DedupWindow({
      read: (no) => {
        this.reads.push(no)
        return this.rows.get(no)?.ids ?? null
      },
    })
  }
}
