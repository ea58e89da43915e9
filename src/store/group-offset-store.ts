import type { GroupState } from "../core/stream/partition-groups.ts"
import type { Database } from "./database.ts"

interface Row {
  name: string
  generation: number
  member_id: string | null
  epoch: number
  committed_offset: number | null
  metadata: string
  committed_at: number
  read_limit: number | null
}

/** SQL for the consumer groups of one partition. */
export class GroupOffsetStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** All of them, by name. */
  all(): GroupState[] {
    const rows = this.#database.all<Row>(
      `SELECT name, generation, member_id, epoch, committed_offset, metadata, committed_at, read_limit
       FROM group_offset ORDER BY name`,
    )
    return rows.map((row) => ({
      group: row.name,
      generation: row.generation,
      memberId: row.member_id,
      epoch: row.epoch,
      committedOffset: row.committed_offset,
      metadata: row.metadata,
      committedAt: row.committed_at,
      limit: row.read_limit,
    }))
  }

  write(state: GroupState): void {
    this.#database.run(
      `INSERT INTO group_offset
         (name, generation, member_id, epoch, committed_offset, metadata, committed_at, read_limit)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET generation = excluded.generation, member_id = excluded.member_id,
         epoch = excluded.epoch, committed_offset = excluded.committed_offset, metadata = excluded.metadata,
         committed_at = excluded.committed_at, read_limit = excluded.read_limit`,
      state.group,
      state.generation,
      state.memberId,
      state.epoch,
      state.committedOffset,
      state.metadata,
      state.committedAt,
      state.limit,
    )
  }

  remove(group: string): void {
    this.#database.run("DELETE FROM group_offset WHERE name = ?", group)
  }
}
