import { SubmissionWriter, decodeSubmissions } from "../../../src/core/log/submission.ts"
import { readRecords } from "../../../src/core/log/read.ts"
import { decodeRow } from "../../../src/core/log/row.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import { readRows } from "../../../src/objects/partition-reader.ts"
import type { SliceLimits } from "../../../src/store/compaction-rows.ts"
import type { Database, SqlValue } from "../../../src/store/database.ts"
import { createIdentity } from "../../../src/store/identity-store.ts"
import { PartitionCompaction } from "../../../src/store/partition-compaction.ts"
import { PartitionStore } from "../../../src/store/partition-store.ts"
import { NodeDatabase } from "../../support/node-database.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A record as a test writes and reads it; without a value it is a tombstone. */
export interface Keyed {
  readonly key: string | null
  readonly value: string | null
}

/** A record with its place. */
export interface Placed extends Keyed {
  readonly offset: number
}

/** A commit that was made to fail. */
export class Planted extends Error {}

/** A partition with its compaction over a database of this process, under a clock of its own. */
export class CompactionScene {
  readonly database = new NodeDatabase()
  /** Everything that was ever appended. */
  readonly appended: Placed[] = []
  now = 1_000_000
  settings: TopicSettings
  /** Statements until one fails, or null. */
  failAfter: number | null = null
  /** Slices that a commit worked off so far. */
  slices = 0
  /** Rows that one commit deletes behind the log start, at most. */
  sweepRows = Number.POSITIVE_INFINITY
  /** Statements so far. */
  statements = 0
  readonly #limits: SliceLimits | undefined
  #loaded: ReturnType<CompactionScene["open"]>

  constructor(settings: Partial<TopicSettings> = {}, limits?: SliceLimits) {
    this.settings = { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null, cleanup: "compact", ...settings }
    this.#limits = limits
    this.database.transaction(() =>
      createIdentity(this.database, "partition", { incarnation: 1, version: 1, settings: "{}" }),
    )
    this.#loaded = this.open()
  }

  get partition() {
    return this.#loaded.partition
  }

  get compaction() {
    return this.#loaded.compaction
  }

  /** Whether rows wait to be deleted behind the log start. */
  get hasGarbage(): boolean {
    return this.#loaded.store.hasGarbage(this.partition)
  }

  /** Throws memory away, as an eviction does. */
  restart(): void {
    this.#loaded = this.open()
  }

  /** Takes over other settings. */
  change(settings: Partial<TopicSettings>): void {
    this.settings = { ...this.settings, ...settings }
    this.partition.applySettings(this.settings)
    this.compaction.applySettings(this.partition, this.settings)
    this.commit()
  }

  append(...records: readonly Keyed[]): void {
    const from = this.partition.endOffset
    this.commit(() => {
      const writer = new SubmissionWriter()
      for (const { key, value } of records) {
        const format = value === null ? "tombstone" : "text"
        const bytes = key === null ? null : encoder.encode(key)
        writer.add({ format, value: encoder.encode(value ?? ""), key: bytes, headers: [], producedAt: null })
      }
      const appended = this.partition.append(decodeSubmissions(writer.finish()), null, this.now)
      if (!appended.ok) throw new Error(appended.error.code)
    })
    for (const [index, record] of records.entries()) this.appended.push({ ...record, offset: from + index })
  }

  trim(offset: number): void {
    this.commit(() => this.partition.trim(offset))
  }

  /** One commit, as the object makes it. */
  commit(body: () => unknown = () => {}): void {
    const { store, compaction, partition } = this.#loaded
    try {
      this.database.transaction(() => {
        body()
        const before = compaction.nextDeadlineAt(partition)
        partition.settle(this.now)
        if (store.hasGarbage(partition))
          store.sweep(partition, (rows) => compaction.release(rows.slice(0, this.sweepRows)))
        else if (before !== null && before <= this.now) {
          compaction.advance(partition, this.now)
          this.slices++
        }
        const changes = partition.takeChanges(store.nextSeq(), this.now)
        if (!changes) return
        store.write(changes)
        compaction.appended(changes.rows)
      })
    } catch (error) {
      this.failAfter = null
      this.restart()
      throw error
    }
  }

  /** Lets time go by until nothing is due within `withinMs`; `between` runs before each commit. */
  settle(withinMs = 100, between: () => void = () => {}): void {
    for (let commits = 0; commits < 100_000; commits++) {
      between()
      const dueAt = this.compaction.nextDeadlineAt(this.partition)
      const isDue = dueAt !== null && dueAt <= this.now + withinMs
      if (!isDue && !this.hasGarbage) return
      this.now = Math.max(this.now, dueAt ?? 0)
      this.commit()
    }
    throw new Error("compaction comes to no end")
  }

  /** What a reader gets from `offset` on. */
  read(offset: number, maxRecords = 1_000, maxBytes = 1024 * 1024) {
    const read = readRows(this.#loaded.store.log, { offset, maxRecords, maxBytes })
    const { records, damaged } = readRecords(read.rows, offset, maxRecords)
    const placed: Placed[] = records.map(({ entry, record }) => ({
      offset: entry.offset,
      key: record.key && decoder.decode(record.key),
      value: record.format === "tombstone" ? null : decoder.decode(record.value),
    }))
    return { placed, damaged: [...read.damaged, ...damaged], nextOffset: read.nextOffset }
  }

  /** Everything that can be read. */
  readAll(): Placed[] {
    const all: Placed[] = []
    for (let offset = this.partition.startOffset; offset < this.partition.endOffset;) {
      const { placed, nextOffset } = this.read(offset)
      all.push(...placed)
      if (nextOffset <= offset) throw new Error(`a read at ${offset} goes on at ${nextOffset}`)
      offset = nextOffset
    }
    return all
  }

  /** The newest value of `key`, or why there is none. */
  latest(key: string): string {
    const found = this.compaction.latest(this.partition, encoder.encode(key), {
      code: "not_found",
      resource: "record",
      name: key,
    })
    if (!found.ok) return found.error.code
    const { offset, isTombstone } = found.value
    if (isTombstone) return "tombstone"
    return `${offset}=${this.appended.find((record) => record.offset === offset)?.value}`
  }

  /** Stored rows, each with what its header says. */
  rows() {
    const rows = this.database.all<{
      base_offset: number
      last_offset: number
      header: Uint8Array
      frames: Uint8Array
    }>("SELECT base_offset, last_offset, header, frames FROM log ORDER BY base_offset")
    return rows.map(({ base_offset: baseOffset, last_offset: lastOffset, header, frames }) => {
      return { baseOffset, lastOffset, bytes: frames.length, header: () => decodeRow(header, frames).header }
    })
  }

  /** Pages that hold something. */
  usedPages(): number {
    const [row] = this.database.all<{ pages: number }>(
      "SELECT (SELECT page_count FROM pragma_page_count()) - (SELECT freelist_count FROM pragma_freelist_count()) AS pages",
    )
    return row!.pages
  }

  /** How far passes came, and the bytes before that as they were counted. */
  clean() {
    const [row] = this.database.all<{ offset: number; bytes: number }>(
      `SELECT clean_offset AS "offset", clean_bytes AS bytes FROM compaction`,
    )
    return row ?? { offset: 0, bytes: 0 }
  }

  /** Keys in the index. */
  keys(): string[] {
    const rows = this.database.all<{ key: Uint8Array }>("SELECT key FROM latest_key ORDER BY key")
    return rows.map(({ key }) => decoder.decode(key))
  }

  private open() {
    const database = this.#faulty()
    const store = new PartitionStore(database)
    const partition = store.load(1, this.settings)
    const compaction = new PartitionCompaction(database, store.log, partition, this.settings, this.#limits)
    return { store, partition, compaction }
  }

  #faulty(): Database {
    const count = (): void => {
      this.statements++
      if (this.failAfter !== null && this.failAfter-- <= 0) throw new Planted("planted by a test")
    }
    return {
      all: <Row extends object>(sql: string, ...values: SqlValue[]): Row[] => {
        count()
        return this.database.all<Row>(sql, ...values)
      },
      run: (sql, ...values) => {
        count()
        this.database.run(sql, ...values)
      },
      transaction: (body) => this.database.transaction(body),
    }
  }
}

/** The newest value of each key that has one; records without a key have nothing to say. */
export function mapOf(records: Iterable<Keyed>): Map<string, string> {
  const values = new Map<string, string>()
  for (const { key, value } of records) {
    if (key === null) continue
    if (value === null) values.delete(key)
    else values.set(key, value)
  }
  return values
}
