import { CorruptError } from "../core/bytes/corrupt.ts"
import { DeliveryState } from "../core/delivery/state.ts"
import type { DeliveryMode } from "../core/delivery/types.ts"
import { MAX_REDRIVES, PAGE_OFFSETS } from "../core/limits.ts"
import { type TailRow, tailOf } from "../core/log/append.ts"
import { decodeRow } from "../core/log/row.ts"
import type { QueueChanges } from "../core/queue/changes.ts"
import { decodeCounters, emptyCounters } from "../core/queue/counters.ts"
import type { QueueIdentity } from "../core/queue/identity.ts"
import { DedupWindow } from "../core/queue/dedup/dedup-window.ts"
import { Queue } from "../core/queue/queue.ts"
import { QueueLog } from "../core/queue/queue-log.ts"
import { Schedule } from "../core/queue/schedule.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import { CountersStore, newestCounters } from "./counters-store.ts"
import { reading } from "./damage.ts"
import type { Database } from "./database.ts"
import { DedupStore } from "./dedup-store.ts"
import { DeliveryStore } from "./delivery-store.ts"
import { LogStore, type NewestLogRow, type UnreadableRows } from "./log-store.ts"
import { OutboxStore } from "./outbox-store.ts"
import { ProducerStore } from "./producer-store.ts"
import { ReceiveAttemptStore } from "./receive-attempt-store.ts"
import { RedriveStore } from "./redrive-store.ts"
import { ScheduledStore } from "./scheduled-store.ts"

const QUEUE_STATE_ID = 0

/** Loads a queue from its tables and writes what its commits change. */
export class QueueStore {
  readonly outbox: OutboxStore
  readonly log: LogStore
  readonly scheduled: ScheduledStore
  readonly dedup: DedupStore
  readonly attempts: ReceiveAttemptStore
  readonly redrives: RedriveStore
  readonly #producers: ProducerStore
  readonly #delivery: DeliveryStore
  readonly #counters: CountersStore
  #seq = 0

  /** `unreadable` is kept beyond this store's life, where it can be. */
  constructor(database: Database, unreadable: UnreadableRows = new Set()) {
    this.outbox = new OutboxStore(database)
    this.log = new LogStore(database, unreadable)
    this.scheduled = new ScheduledStore(database)
    this.dedup = new DedupStore(database)
    this.attempts = new ReceiveAttemptStore(database)
    this.redrives = new RedriveStore(database)
    this.#producers = new ProducerStore(database)
    this.#delivery = new DeliveryStore(database, QUEUE_STATE_ID)
    this.#counters = new CountersStore(database)
  }

  /** Number for the next commit. */
  nextSeq(): number {
    return this.#seq + 1
  }

  load(identity: QueueIdentity, settings: QueueSettings, random: () => number): Queue {
    const pages = reading("the delivery pages", () => this.#delivery.pages())
    const ring = reading("the delivery ring", () => this.#delivery.ring())
    const newest = reading("the end of the log", () => this.log.newest())
    const fallback = reading("the counters", () => this.#counters.read())
    const outbox = reading("the outbox", () => this.outbox.summary())
    const stored = [...pages, ...ring, ...(newest ? [newest] : []), ...(fallback ? [fallback] : [])]
    const counters = newestCounters(stored, decodeCounters) ?? emptyCounters()
    counters.outboxSeq = Math.max(counters.outboxSeq, outbox.lastSeq)
    this.#seq = Math.max(0, ...stored.map(({ seq }) => seq))
    const mode = modeOf(settings)
    const delivery = reading("the delivery state", () => DeliveryState.load(pages, ring, { mode, initialEnd: 0 }))
    const endOffset = Math.max(newest ? newest.lastOffset + 1 : 0, delivery.window.end)
    return new Queue({
      identity,
      settings,
      counters,
      delivery,
      log: new QueueLog(this.log, newest ? tailFrom(newest, endOffset) : null, endOffset),
      schedule: new Schedule(this.scheduled, counters),
      dedup: reading("the deduplication ids", () => this.#loadDedup()),
      expiries: this.log,
      attempts: reading("the attempts of receives", () => this.attempts.all()),
      redrives: reading("the redrives", () => this.redrives.all()),
      producers: reading("the producers", () => this.#producers.all()),
      forwarding: outbox.count,
      random,
    })
  }

  /** Writes one commit and answers whether there was anything to write. Call inside a transaction. */
  write(changes: QueueChanges): boolean {
    if (isEmpty(changes)) return false
    const { seq, counters } = changes
    this.#writeLog(changes)
    if (changes.delivery) this.#delivery.write(changes.delivery, counters)
    this.#writeTables(changes)
    this.#writeMoves(changes.moves)
    if (changes.countersChanged && !carriesCounters(changes)) this.#counters.write(seq, counters)
    this.#seq = seq
    return true
  }

  #loadDedup(): DedupWindow {
    const dedup = new DedupWindow(this.dedup)
    this.dedup.all((row) => dedup.restore(row))
    return dedup
  }

  #writeLog({ seq, counters, rows, deletedRows, expiries }: QueueChanges): void {
    for (const row of rows) this.log.write(row, seq, counters)
    // a row may come and go in one commit
    for (const baseOffset of deletedRows) this.log.delete(baseOffset)
    for (const { baseOffset, expiresAt } of expiries) this.log.setExpiry(baseOffset, expiresAt)
  }

  #writeTables({ scheduled, dedup, attempts, redrives, producers }: QueueChanges): void {
    for (const messageId of scheduled.removed) this.scheduled.remove(messageId)
    for (const row of scheduled.written) this.scheduled.write(row)
    for (const no of dedup.removed) this.dedup.remove(no)
    for (const row of dedup.written) this.dedup.write(row)
    for (const id of attempts.removed) this.attempts.remove(id)
    for (const row of attempts.written) this.attempts.write(row)
    for (const row of redrives) this.redrives.write(row)
    if (redrives.length > 0) this.redrives.keepNewest(MAX_REDRIVES)
    for (const state of producers?.written ?? []) this.#producers.write(state)
    for (const producerId of producers?.forgotten ?? []) this.#producers.remove(producerId)
  }

  #writeMoves({ outbox, taken }: QueueChanges["moves"]): void {
    for (const entry of outbox) this.outbox.add(entry)
    for (const { source, incarnation, seq } of taken) this.outbox.take(source, incarnation, seq)
  }
}

function isEmpty(changes: QueueChanges): boolean {
  const { scheduled, dedup, attempts, moves, producers } = changes
  const { rows, deletedRows, expiries, redrives } = changes
  const lists: (readonly unknown[])[] = [rows, deletedRows, expiries, redrives, moves.outbox, moves.taken]
  for (const { written, removed } of [scheduled, dedup, attempts]) lists.push(written, removed)
  return !changes.delivery && !producers && !changes.countersChanged && lists.every((list) => list.length === 0)
}

/** Whether a row of the commit takes the counters along anyway. */
function carriesCounters({ rows, delivery }: QueueChanges): boolean {
  return rows.length > 0 || (delivery !== null && (delivery.pages.length > 0 || delivery.ring !== null))
}

function modeOf({ ordering, fair }: QueueSettings): DeliveryMode {
  if (ordering === "fifo") return "ordered"
  return fair ? "fair" : "standard"
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
