import { readRecords } from "../../../src/core/log/read.ts"
import type { ShareConsumer } from "../../../src/core/stream/share/share.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import { readRows } from "../../../src/objects/partition-reader.ts"
import type { Database, SqlValue } from "../../../src/store/database.ts"
import { createIdentity } from "../../../src/store/identity-store.ts"
import { OutboxStore } from "../../../src/store/outbox-store.ts"
import { PartitionCompaction } from "../../../src/store/partition-compaction.ts"
import { PartitionStore } from "../../../src/store/partition-store.ts"
import { ShareStore } from "../../../src/store/share-store.ts"
import { NodeDatabase } from "../../support/node-database.ts"
import {
  batchOf,
  INCARNATION,
  NOW,
  PARTITION,
  type Pushed,
  receivedFrom,
  TOPIC,
  type Written,
} from "./scene-records.ts"

/** A commit that was made to fail. */
class Lost extends Error {}

/**
 * A partition with share groups on the real stores over `node:sqlite`, committed as the object does it. A command is a
 * commit of its own unless it runs inside `together` or `crash`. Time is moved by the test.
 */
export class SharedPartition {
  readonly database = new NodeDatabase()
  now = NOW
  readonly #statements: string[] = []
  settings: TopicSettings
  #loaded: ReturnType<SharedPartition["load"]>
  /** Subscriptions, as their sockets have them. */
  protected attached: ShareConsumer[] = []
  #pushed: Pushed[] = []
  #isTogether = false

  constructor(settings: Partial<TopicSettings> = {}) {
    this.settings = { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null, ...settings }
    createIdentity(this.database, "partition", { incarnation: INCARNATION, version: 1, settings: "{}" })
    this.#loaded = this.load()
  }

  get partition() {
    return this.#loaded.partition
  }

  get shares() {
    return this.#loaded.shares
  }

  get store() {
    return this.#loaded.store
  }

  protected get moves(): OutboxStore {
    return this.#loaded.outbox
  }

  /** Runs commands as one commit. */
  together<T>(body: () => T): T {
    return this.database.transaction(() => {
      const result = this.#collect(body)
      this.#finish()
      this.attached = this.attached.flatMap(({ id }) => {
        const consumer = this.shares.consumers.find(id)
        return consumer ? [{ ...consumer }] : []
      })
      return result
    })
  }

  /** Runs commands that are lost with the memory before they are written. */
  crash(body: () => void): void {
    try {
      this.database.transaction(() => {
        this.#collect(body)
        this.#finish()
        throw new Lost()
      })
    } catch (error) {
      if (!(error instanceof Lost)) throw error
    }
    this.#pushed = []
    this.restart()
  }

  /** Throws the memory away and loads what is stored; subscriptions live on, as their sockets do. */
  restart(): void {
    this.#loaded = this.load()
    for (const consumer of this.attached) this.shares.consumers.add({ ...consumer })
  }

  /** A commit with no command in it, as the alarm makes it. */
  alarm(): void {
    this.together(() => {})
  }

  /** Makes the commits that are due by themselves, until none is before `until`; the clock ends there. Answers how many. */
  runUntil(until: number): number {
    for (let commits = 0; ; commits++) {
      const at = this.nextDeadlineAt
      if (at === null || at > until) {
        this.now = until
        return commits
      }
      if (commits > 5_000) throw new Error(`the deadline stays at ${at}`)
      this.now = Math.max(this.now, at)
      this.alarm()
    }
  }

  get nextDeadlineAt(): number | null {
    const { partition, compaction, shares } = this.#loaded
    if (this.#loaded.hasGarbage) return 0
    const deadlines = [partition.nextDeadlineAt(), compaction.nextDeadlineAt(partition), shares.nextDeadlineAt]
    const known = deadlines.filter((at) => at !== null)
    return known.length > 0 ? Math.min(...known) : null
  }

  configure(settings: Partial<TopicSettings>): void {
    this.settings = { ...this.settings, ...settings }
    this.partition.applySettings(this.settings)
    this.#loaded.compaction.applySettings(this.partition, this.settings)
    this.alarm()
  }

  append(...records: readonly Written[]): void {
    this.command(() => {
      const appended = this.partition.append(batchOf(records), null, this.now)
      if (!appended.ok) throw new Error(appended.error.code)
    })
  }

  /** Appends so many records with bodies of their offsets. */
  fill(count: number): void {
    const from = this.partition.endOffset
    this.append(...Array.from({ length: count }, (_, index) => `r${from + index}`))
  }

  trim(offset: number): void {
    this.command(() => {
      const trimmed = this.partition.trim(offset)
      if (!trimmed.ok) throw new Error(trimmed.error.code)
      this.#loaded.hasGarbage = this.store.hasGarbage(this.partition)
    })
  }

  /** What was pushed since the last call. */
  takePushed(): Pushed[] {
    return this.#pushed.splice(0)
  }

  /** Offsets that a reader of the partition finds. */
  offsets(): number[] {
    const found: number[] = []
    for (let offset = this.partition.startOffset; offset < this.partition.endOffset;) {
      const { rows, nextOffset } = readRows(this.store.log, { offset, maxRecords: 1000, maxBytes: 4 * 1024 * 1024 })
      found.push(...readRecords(rows, offset, 1000).records.map(({ entry }) => entry.offset))
      if (nextOffset <= offset) break
      offset = nextOffset
    }
    return found
  }

  /** SQL that ran meanwhile. */
  statementsOf(body: () => void): string[] {
    this.#statements.length = 0
    body()
    return [...this.#statements]
  }

  rowsIn(table: "share" | "delivery_page" | "delivery_ring" | "outbox" | "log"): number {
    const [row] = this.database.all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)
    return row!.count
  }

  /** Rows inserted, updated and deleted so far. */
  get rowsWritten(): number {
    const [row] = this.database.all<{ changes: number }>("SELECT total_changes() AS changes")
    return row!.changes
  }

  close(): void {
    this.database.close()
  }

  private load() {
    const database = this.#watched()
    const store = new PartitionStore(database)
    const partition = store.load(INCARNATION, this.settings, PARTITION)
    const outbox = new OutboxStore(database)
    const shareStore = new ShareStore(database, store.log, outbox)
    const targetOf = (target: { kind: string; queue?: string; topic?: string }): string => {
      return `${target.kind}:ns/${target.queue ?? target.topic}/0`
    }
    const identity = { topic: TOPIC, incarnation: INCARNATION, partition: PARTITION, targetOf }
    const { shares, log } = shareStore.load(identity, partition, () => 0.5)
    const compaction = new PartitionCompaction(database, store.log, partition, this.settings)
    return { store, partition, outbox, shareStore, shares, log, compaction, hasGarbage: store.hasGarbage(partition) }
  }

  #watched(): Database {
    const { database } = this
    const statements = this.#statements
    return {
      all<Row extends object>(sql: string, ...values: SqlValue[]): Row[] {
        statements.push(sql)
        return database.all<Row>(sql, ...values)
      },
      run(sql, ...values) {
        statements.push(sql)
        database.run(sql, ...values)
      },
      transaction: (body) => database.transaction(body),
    }
  }

  /** The rest of a commit, in the object's order. */
  #finish(): void {
    const loaded = this.#loaded
    const { partition, shares, store, shareStore, compaction } = loaded
    if (partition.settle(this.now)) loaded.hasGarbage = store.hasGarbage(partition)
    shares.expire(this.now)
    if (loaded.hasGarbage) {
      store.sweep(partition, (rows) => compaction.release(rows))
      loaded.hasGarbage = store.hasGarbage(partition)
    } else compaction.advance(partition, this.now)
    const changes = partition.takeChanges(store.nextSeq(), this.now)
    if (changes) {
      store.write(changes)
      compaction.appended(changes.rows)
      loaded.hasGarbage ||= partition.startOffset > 0 && store.hasGarbage(partition)
    }
    loaded.log.written(changes?.rows ?? [])
    for (const { consumer, deliveries } of shares.serve(this.now)) {
      this.#pushed.push({ consumer, records: deliveries.map(receivedFrom) })
    }
    for (const { consumer } of shares.takeEnded()) shares.consumers.remove(consumer)
    const shared = shares.takeChanges(shareStore.nextSeq())
    const hasLeftover = shares.leftover !== null
    if (shared) shareStore.write(shared)
    if (hasLeftover) shareStore.sweep(shares)
  }

  protected command<T>(body: () => T): T {
    return this.#isTogether ? body() : this.together(body)
  }

  #collect<T>(body: () => T): T {
    this.#isTogether = true
    try {
      return body()
    } finally {
      this.#isTogether = false
    }
  }
}
