import { DeliveryState } from "../core/delivery/state.ts"
import { MAX_DELETIONS_PER_COMMIT } from "../core/limits.ts"
import type { ShareMarks, ShareSettings } from "../core/stream/share/commands.ts"
import { decodeShareCounters, emptyShareCounters } from "../core/stream/share/counters.ts"
import { DeadLetters } from "../core/stream/share/dead-letters.ts"
import { type LogBounds, ShareLog } from "../core/stream/share/share-log.ts"
import { deliveryModeOf, type LoadedShare, type ShareIdentity, type StoredShare } from "../core/stream/share/share.ts"
import { type ShareChanges, type ShareHome, Shares } from "../core/stream/share/shares.ts"
import { newestCounters } from "./counters-store.ts"
import { reading } from "./damage.ts"
import type { Database } from "./database.ts"
import { DeliveryStore } from "./delivery-store.ts"
import type { LogStore } from "./log-store.ts"
import type { OutboxStore } from "./outbox-store.ts"

interface Row {
  id: number
  name: string
  generation: number
  version: number
  settings: string
  initial_offset: number
}

/** No group has this name: the row of one that was forgotten, for as long as its state has rows. */
const FORGOTTEN = ""

/** A partition as its share groups are loaded for it. */
export type SharedPartition = ShareHome & LogBounds & { readonly shareMarks: ShareMarks }

/** Loads the share groups of a partition from their tables, and writes what its commits change. */
export class ShareStore {
  readonly #database: Database
  readonly #log: LogStore
  readonly #outbox: OutboxStore
  #seq = 0

  constructor(database: Database, log: LogStore, outbox: OutboxStore) {
    this.#database = database
    this.#log = log
    this.#outbox = outbox
  }

  /** Number for the next commit that stores something of a share group; it has nothing to do with that of the log. */
  nextSeq(): number {
    return this.#seq + 1
  }

  /** All share groups, and the log on which they stand. */
  load(
    identity: ShareIdentity,
    partition: SharedPartition,
    random: () => number,
  ): { readonly shares: Shares; readonly log: ShareLog } {
    this.#seq = 0
    const rows = this.#all()
    const live = rows
      .filter(({ name }) => name !== FORGOTTEN)
      .map((row) => reading(`the share group ${row.name}`, () => this.#loadOne(row)))
    const outbox = this.#outbox.summary()
    const { shareMarks } = partition
    const deadLetters = new DeadLetters({
      outboxSeq: Math.max(shareMarks.outboxSeq, outbox.lastSeq, ...live.map(({ counters }) => counters.outboxSeq)),
      forwarding: outbox.count,
    })
    const log = new ShareLog(partition, {
      spans: { at: (offset) => this.#log.headerAt(offset), after: (offset) => this.#log.headerAfter(offset) },
      source: this.#log,
    })
    const loaded = {
      shares: live,
      leftovers: rows.filter(({ name }) => name === FORGOTTEN).map(({ id }) => id),
      lastShareId: Math.max(shareMarks.lastShareId, ...rows.map(({ id }) => id)),
    }
    // the row that told of the highest id may be about to go
    if (loaded.leftovers.length > 0 && loaded.lastShareId > shareMarks.lastShareId) {
      partition.keepShareMarks({ lastShareId: loaded.lastShareId, outboxSeq: deadLetters.outboxSeq })
    }
    return { shares: new Shares(loaded, { identity, log, deadLetters, random }, partition), log }
  }

  /** Writes one commit. Call inside a transaction. */
  write({ seq, written, forgotten, deliveries, outbox }: ShareChanges): void {
    for (const share of written) this.#write(share)
    for (const id of forgotten) this.#forget(id)
    for (const { id, changes, counters } of deliveries) this.#deliveryOf(id).write(changes, counters)
    for (const entry of outbox) this.#outbox.add(entry)
    this.#seq = seq
  }

  /** Deletes a slice of what forgotten groups left behind. Call inside a transaction. */
  sweep(shares: Shares): void {
    const id = shares.leftover
    if (id === null || this.#deliveryOf(id).deleteSome(MAX_DELETIONS_PER_COMMIT)) return
    // on an empty log such rows would add up, and none of them has a state
    if (shares.mustRemember(id)) this.#removeForgottenBefore(id)
    else this.#remove(id)
    shares.swept(id)
  }

  #loadOne({ id, name, initial_offset: initialOffset, settings, ...row }: Row): LoadedShare {
    const known = JSON.parse(settings) as ShareSettings
    const stored = { ...row, id, group: name, settings: known, initialOffset }
    const [pages, ring] = [this.#deliveryOf(id).pages(), this.#deliveryOf(id).ring()]
    const delivery = DeliveryState.load(pages, ring, { mode: deliveryModeOf(known), initialEnd: initialOffset })
    for (const { seq } of [...pages, ...ring]) this.#seq = Math.max(this.#seq, seq)
    const counters = newestCounters([...pages, ...ring], decodeShareCounters) ?? emptyShareCounters()
    return { stored, delivery, counters }
  }

  #deliveryOf(id: number): DeliveryStore {
    return new DeliveryStore(this.#database, id)
  }

  #all(): Row[] {
    return this.#database.all<Row>(
      "SELECT id, name, generation, version, settings, initial_offset FROM share ORDER BY id",
    )
  }

  #write({ id, group, generation, version, settings, initialOffset }: StoredShare): void {
    this.#database.run(
      `INSERT INTO share (id, name, generation, version, settings, initial_offset) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, settings = excluded.settings`,
      id,
      group,
      generation,
      version,
      JSON.stringify(settings),
      initialOffset,
    )
  }

  #forget(id: number): void {
    this.#database.run("UPDATE share SET name = ? WHERE id = ?", FORGOTTEN, id)
  }

  #removeForgottenBefore(id: number): void {
    this.#database.run("DELETE FROM share WHERE name = ? AND id < ?", FORGOTTEN, id)
  }

  #remove(id: number): void {
    this.#database.run("DELETE FROM share WHERE id = ?", id)
  }
}
