import { seal, unseal } from "../core/bytes/seal.ts"
import type { DeliveryChanges, StoredPage, StoredRing } from "../core/delivery/types.ts"
import { sealCounters, type StoredCounters } from "./counters-store.ts"
import { reading } from "./damage.ts"
import type { Database } from "./database.ts"

interface PageRow {
  page_no: number
  seq: number
  folded_seq: number
  counters: Uint8Array
  runs: Uint8Array
}

interface RingRow {
  slot: number
  seq: number
  folded_seq: number
  counters: Uint8Array
  transitions: Uint8Array
}

const LANE = 0

/** SQL for the pages and the ring of one delivery state. */
export class DeliveryStore {
  readonly #database: Database
  readonly #stateId: number

  constructor(database: Database, stateId: number) {
    this.#database = database
    this.#stateId = stateId
  }

  pages(): (StoredPage & StoredCounters)[] {
    const rows = this.#database.all<PageRow>(
      `SELECT page_no, seq, folded_seq, counters, runs
       FROM delivery_page WHERE lane = ? AND state_id = ? ORDER BY page_no`,
      LANE,
      this.#stateId,
    )
    return rows.map(({ page_no: pageNo, folded_seq: foldedSeq, seq, counters, runs: sealed }) => {
      const runs = reading(`delivery page ${pageNo}`, () => unseal(sealed, [this.#stateId, pageNo, seq, foldedSeq]))
      return { pageNo, seq, foldedSeq, counters, runs }
    })
  }

  ring(): (StoredRing & StoredCounters)[] {
    const rows = this.#database.all<RingRow>(
      `SELECT slot, seq, folded_seq, counters, transitions
       FROM delivery_ring WHERE lane = ? AND state_id = ? ORDER BY slot`,
      LANE,
      this.#stateId,
    )
    return rows.map(({ slot, folded_seq: foldedSeq, seq, counters, transitions: sealed }) => {
      const transitions = reading(`delivery ring slot ${slot}`, () => {
        return unseal(sealed, [this.#stateId, slot, seq, foldedSeq])
      })
      return { slot, seq, foldedSeq, counters, transitions }
    })
  }

  /** Deletes some of the rows, at most `limit` from each table. Answers whether any may be left. */
  deleteSome(limit: number): boolean {
    const [pages, slots] = [this.#deletePages(limit), this.#deleteSlots(limit)]
    return pages === limit || slots === limit
  }

  write(changes: DeliveryChanges, counters: Uint8Array): void {
    for (const page of changes.pages) this.#writePage(page, sealCounters(counters, page.seq))
    for (const pageNo of changes.deletedPages) this.#deletePage(pageNo)
    if (changes.ring) this.#writeRing(changes.ring, sealCounters(counters, changes.ring.seq))
  }

  #writePage(page: StoredPage, counters: Uint8Array): void {
    this.#database.run(
      `INSERT INTO delivery_page (lane, state_id, page_no, seq, folded_seq, counters, runs)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         seq = excluded.seq, folded_seq = excluded.folded_seq, counters = excluded.counters, runs = excluded.runs`,
      LANE,
      this.#stateId,
      page.pageNo,
      page.seq,
      page.foldedSeq,
      counters,
      seal(page.runs, [this.#stateId, page.pageNo, page.seq, page.foldedSeq]),
    )
  }

  #deletePage(pageNo: number): void {
    this.#database.run(
      "DELETE FROM delivery_page WHERE lane = ? AND state_id = ? AND page_no = ?",
      LANE,
      this.#stateId,
      pageNo,
    )
  }

  #writeRing(ring: StoredRing, counters: Uint8Array): void {
    this.#database.run(
      `INSERT INTO delivery_ring (lane, state_id, slot, seq, folded_seq, counters, transitions)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         seq = excluded.seq, folded_seq = excluded.folded_seq,
         counters = excluded.counters, transitions = excluded.transitions`,
      LANE,
      this.#stateId,
      ring.slot,
      ring.seq,
      ring.foldedSeq,
      counters,
      seal(ring.transitions, [this.#stateId, ring.slot, ring.seq, ring.foldedSeq]),
    )
  }

  #deletePages(limit: number): number {
    return this.#database.all(
      `DELETE FROM delivery_page WHERE lane = ?1 AND state_id = ?2 AND page_no IN (
         SELECT page_no FROM delivery_page WHERE lane = ?1 AND state_id = ?2 ORDER BY page_no LIMIT ?3
       ) RETURNING page_no`,
      LANE,
      this.#stateId,
      limit,
    ).length
  }

  #deleteSlots(limit: number): number {
    return this.#database.all(
      `DELETE FROM delivery_ring WHERE lane = ?1 AND state_id = ?2 AND slot IN (
         SELECT slot FROM delivery_ring WHERE lane = ?1 AND state_id = ?2 ORDER BY slot LIMIT ?3
       ) RETURNING slot`,
      LANE,
      this.#stateId,
      limit,
    ).length
  }
}
