import { seal, unseal } from "../core/bytes/seal.ts"
import { decodeBatches, encodeBatches, type ProducerState } from "../core/producers/producer-state.ts"
import type { Database } from "./database.ts"

/** SQL for the producers of one partition or queue. */
export class ProducerStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** All of them, the one that was idle longest first. */
  all(): ProducerState[] {
    const rows = this.#database.all<{ id: number; epoch: number; last_at: number; batches: Uint8Array }>(
      "SELECT id, epoch, last_at, batches FROM producer ORDER BY last_at, id",
    )
    return rows.map(({ id, epoch, last_at, batches }) => {
      return { producerId: id, epoch, lastAt: last_at, batches: decodeBatches(unseal(batches, [id, epoch])) }
    })
  }

  write({ producerId, epoch, lastAt, batches }: ProducerState): void {
    this.#database.run(
      `INSERT INTO producer (id, epoch, last_at, batches) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, last_at = excluded.last_at, batches = excluded.batches`,
      producerId,
      epoch,
      lastAt,
      seal(encodeBatches(batches), [producerId, epoch]),
    )
  }

  remove(producerId: number): void {
    this.#database.run("DELETE FROM producer WHERE id = ?", producerId)
  }
}
