import type { DeliveredRecord } from "../../protocol/native/wire-deliver-decode.ts"
import { throwFailure } from "./end-with.ts"
import type { GroupMember } from "./group-member.ts"
import type { Source } from "./iterate.ts"
import type { OwnedPartition } from "./owned-partition.ts"
import type { Turns } from "./partition-reader.ts"
import type { TopicRecord } from "./records.ts"

/** What a loop needs of its consumer. */
export interface GroupLoopHost<Key, Value> {
  readonly turns: Turns
  /** Null for a record to be passed over. */
  readonly read: (partition: OwnedPartition, entry: DeliveredRecord) => Promise<TopicRecord<Key, Value> | null>
  readonly isOver: () => boolean
}

/** A member's records one by one: one is processed when the next is asked for. */
export class GroupLoop<Key, Value> implements Source<TopicRecord<Key, Value>> {
  readonly #member: GroupMember
  readonly #host: GroupLoopHost<Key, Value>
  /** Whose record was given out, and which. */
  #current: { readonly partition: OwnedPartition; readonly entry: DeliveredRecord } | null = null
  #isLeft = false

  constructor(member: GroupMember, host: GroupLoopHost<Key, Value>) {
    this.#member = member
    this.#host = host
  }

  async next(): Promise<TopicRecord<Key, Value> | null> {
    this.#finish()
    while (!this.#isLeft && !this.#host.isOver()) {
      const partition = this.#host.turns.next(this.#member.partitions)
      if (partition === null) {
        await this.#member.changed.wait()
        continue
      }
      partition.isBusy = true
      const entry = partition.take()
      this.#current = { partition, entry }
      const record = await this.#host.read(partition, entry)
      // it may have been lost meanwhile
      if (record !== null && !partition.isOver) return record
      this.#finish()
    }
    throwFailure(this.#member.failure)
    return null
  }

  /** A loop is also left by what its body throws: unless it was committed, the record comes again. */
  async end(): Promise<void> {
    this.#isLeft = true
    if (this.#current !== null) {
      const { partition, entry } = this.#current
      const isCommitted = partition.committedOffset > entry.offset
      if (!isCommitted && !partition.isRevoked && !partition.isOver) partition.putBack(entry)
    }
    this.#release()
  }

  #finish(): void {
    if (this.#current !== null) this.#current.partition.doneOffset = this.#current.entry.offset + 1
    this.#release()
  }

  #release(): void {
    if (this.#current === null) return
    this.#current.partition.isBusy = false
    this.#current = null
    this.#member.changed.wake()
  }
}
