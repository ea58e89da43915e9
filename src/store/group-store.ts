import type { Subscription } from "../core/group/commands.ts"
import type { GroupChanges, StoredAssignment, StoredMember, StoredStanding } from "../core/group/coordination.ts"
import type { Database } from "./database.ts"

/** A group as it is stored. */
export interface StoredGroup extends StoredStanding {
  readonly members: readonly StoredMember[]
  readonly assignments: readonly StoredAssignment[]
}

interface EpochRow {
  epoch: number
  empty_since: number | null
  restarted_at: number | null
  is_rebalance_owed: number
}

interface MemberRow {
  id: string
  instance_id: string | null
  subscription: string
  joined_at: number
  heard_at: number
}

/** SQL for one group: its epoch, its members, and who has what. */
export class GroupStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  load(): StoredGroup {
    const [row] = this.#database.all<EpochRow>(
      "SELECT epoch, empty_since, restarted_at, is_rebalance_owed FROM group_epoch WHERE id = 0",
    )
    return {
      epoch: row?.epoch ?? 0,
      emptySince: row?.empty_since ?? null,
      restartedAt: row?.restarted_at ?? null,
      isRebalanceOwed: row?.is_rebalance_owed === 1,
      members: this.#members(),
      assignments: this.#assignments(),
    }
  }

  /** Whether `writeEnding` was ever called in this life of the group. */
  isEnding(): boolean {
    return this.#database.all("SELECT 1 FROM group_epoch WHERE id = 0 AND is_ending = 1").length > 0
  }

  /** Notes that the group is being deleted. */
  writeEnding(): void {
    this.#database.run(
      `INSERT INTO group_epoch (id, epoch, is_ending) VALUES (0, 0, 1)
       ON CONFLICT DO UPDATE SET is_ending = 1`,
    )
  }

  /** Writes one commit. Call inside a transaction. */
  write(changes: GroupChanges): void {
    if (changes.epoch) this.#writeEpoch(changes.epoch)
    for (const id of changes.membersRemoved) this.#removeMember(id)
    for (const member of changes.membersWritten) this.#writeMember(member)
    for (const topic of changes.assignmentsRemoved) this.#removeAssignment(topic)
    for (const assignment of changes.assignmentsWritten) this.#writeAssignment(assignment)
  }

  /** In the order in which they joined. */
  #members(): StoredMember[] {
    const rows = this.#database.all<MemberRow>(
      "SELECT id, instance_id, subscription, joined_at, heard_at FROM member ORDER BY joined_at, id",
    )
    return rows.map(({ id, instance_id, subscription, joined_at, heard_at }) => {
      return {
        id,
        instanceId: instance_id,
        subscription: JSON.parse(subscription) as Subscription,
        joinedAt: joined_at,
        heardAt: heard_at,
      }
    })
  }

  #assignments(): StoredAssignment[] {
    return this.#database.all<StoredAssignment>("SELECT topic, incarnation, partitions FROM assignment ORDER BY topic")
  }

  #writeEpoch({ epoch, emptySince, restartedAt, isRebalanceOwed }: StoredStanding): void {
    this.#database.run(
      `INSERT INTO group_epoch (id, epoch, empty_since, restarted_at, is_rebalance_owed) VALUES (0, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, empty_since = excluded.empty_since,
         restarted_at = excluded.restarted_at, is_rebalance_owed = excluded.is_rebalance_owed`,
      epoch,
      emptySince,
      restartedAt,
      isRebalanceOwed ? 1 : 0,
    )
  }

  #writeMember({ id, instanceId, subscription, joinedAt, heardAt }: StoredMember): void {
    this.#database.run(
      `INSERT INTO member (id, instance_id, subscription, joined_at, heard_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET instance_id = excluded.instance_id, subscription = excluded.subscription,
         joined_at = excluded.joined_at, heard_at = excluded.heard_at`,
      id,
      instanceId,
      JSON.stringify(subscription),
      joinedAt,
      heardAt,
    )
  }

  #removeMember(id: string): void {
    this.#database.run("DELETE FROM member WHERE id = ?", id)
  }

  #writeAssignment({ topic, incarnation, partitions }: StoredAssignment): void {
    this.#database.run(
      `INSERT INTO assignment (topic, incarnation, partitions) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation, partitions = excluded.partitions`,
      topic,
      incarnation,
      partitions,
    )
  }

  #removeAssignment(topic: string): void {
    this.#database.run("DELETE FROM assignment WHERE topic = ?", topic)
  }
}
