import { CorruptError } from "../core/bytes/corrupt.ts"
import { DeliveryState } from "../core/delivery/state.ts"
import { PAGE_OFFSETS } from "../core/limits.ts"
import { type TailRow, tailOf } from "../core/log/append.ts"
import { decodeRow } from "../core/log/row.ts"
import type { QueueChanges } from "../core/queue/changes.ts"
import { decodeCounters, emptyCounters, type QueueCounters } from "../core/queue/counters.ts"
import { Queue, type QueueIdentity } from "../core/queue/queue.ts"
import { QueueLog } from "../core/queue/queue-log.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import type { Database } from "./database.ts"
import { DeliveryStore, type StoredCounters } from "./delivery-store.ts"
import { LogStore, type NewestLogRow } from "./log-store.ts"
import { OutboxStore } from "./outbox-store.ts"

const QUEUE_STATE_ID = 0

/** Loads a queue from its tables and writes what its commits change. */
export class QueueStore {
  readonly outbox: OutboxStore
  readonly #log: LogStore
  readonly #delivery: DeliveryStore
  #seq = 0

  constructor(database: Database) {
    this.outbox = new OutboxStore(database)
    this.#log = new LogStore(database)
    this.#delivery = new DeliveryStore(database, QUEUE_STATE_ID)
  }

  /** Number for the next commit. */
  nextSeq(): number {
    return this.#seq + 1
  }

  load(identity: QueueIdentity, settings: QueueSettings, random: () => number): Queue {
    const pages = this.#delivery.pages()
    const ring = this.#delivery.ring()
    const newest = this.#log.newest()
    const outbox = this.outbox.summary()
    const counters = newestCounters([...pages, ...ring, ...(newest ? [newest] : [])])
    counters.outboxSeq = Math.max(counters.outboxSeq, outbox.lastSeq)
    this.#seq = Math.max(0, newest?.seq ?? 0, ...pages.map((page) => page.seq), ...ring.map((row) => row.seq))
    const delivery = DeliveryState.load(pages, ring, { ordered: settings.ordering === "fifo", initialEnd: 0 })
    const endOffset = Math.max(newest ? newest.lastOffset + 1 : 0, delivery.window.end)
    const log = new QueueLog(this.#log, newest ? tailFrom(newest, endOffset) : null, endOffset)
    return new Queue({ identity, settings, counters, delivery, log, forwarding: outbox.count, random })
  }

  /** Writes one commit and answers whether there was anything to write. Call inside a transaction. */
  write(changes: QueueChanges): boolean {
    const { seq, counters, moves } = changes
    for (const row of changes.rows) this.#log.write(row, seq, counters)
    for (const baseOffset of changes.deletedRows) this.#log.delete(baseOffset)
    if (changes.delivery) this.#delivery.write(changes.delivery, counters)
    for (const entry of moves.outbox) this.outbox.add(entry)
    for (const { source, incarnation, seq: taken } of moves.taken) this.outbox.take(source, incarnation, taken)
    const isEmpty = changes.rows.length === 0 && !changes.delivery && moves.taken.length === 0
    if (!isEmpty) this.#seq = seq
    return !isEmpty
  }
}

/** The newest of the counters that ride in rows. */
function newestCounters(stored: readonly StoredCounters[]): QueueCounters {
  let newest: StoredCounters | null = null
  for (const candidate of stored) if (!newest || candidate.seq > newest.seq) newest = candidate
  return newest ? decodeCounters(newest.counters) : emptyCounters()
}

/** The last row while it may still grow; a damaged one, or one that is not at the log's end, never grows. */
function tailFrom(newest: NewestLogRow, endOffset: number): TailRow | null {
  if (newest.lastOffset + 1 !== endOffset) return null
  try {
    return tailOf(decodeRow(newest.header, newest.frames), { pageOffsets: PAGE_OFFSETS })
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
