import type { Database } from "./database.ts"
import { MAX_DELETIONS_PER_COMMIT, MAX_NAMED_PRODUCERS, QUEUE_DELETED_MS } from "../core/limits.ts"
import { hasTable, migrate, schemaVersion } from "./migrations.ts"

/** What a name names. */
export type EntryKind = "queue" | "topic" | "group"

/** The step that an entry's objects are being taken through; `ready` for none. */
export type EntryStep = "creating" | "altering" | "growing" | "deleting" | "ready"

/** A stored name. */
export interface StoredEntry {
  readonly kind: EntryKind
  readonly name: string
  readonly step: EntryStep
  readonly incarnation: number
  readonly version: number
  /** As JSON. */
  readonly settings: string
  /** What the settings become once all partitions are sealed, as JSON: of a topic that is `growing`, else null. */
  readonly pending: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What an alteration changes. */
export type EntryUpdate = Pick<StoredEntry, "step" | "version" | "settings" | "pending" | "updatedAt">

/** A producer's id, and the epoch of whoever opened it last. */
export interface OpenedProducer {
  readonly producerId: number
  readonly epoch: number
}

interface OpenedRow {
  producer_id: number
  epoch: number
}

interface EntryRow {
  kind: EntryKind
  name: string
  step: EntryStep
  incarnation: number
  version: number
  settings: string
  pending: string | null
  created_at: number
  updated_at: number
}

/** Sorts behind every name that begins with what stands before it. */
const LAST_CHARACTER = "\u{10FFFF}"

/** SQL for the names of one namespace. The tables come with the first write: a catalog that was only read has none. */
export class CatalogStore {
  readonly #database: Database

  /** Brings an older schema up to date. */
  constructor(database: Database) {
    this.#database = database
    this.#upgrade()
  }

  /** The next incarnation or version: greater than every one before, through crashes and deletes. */
  nextNumber(): number {
    this.#createTables()
    const [row] = this.#database.all<{ value: number }>(
      "UPDATE counter SET value = value + 1 WHERE id = 0 RETURNING value",
    )
    if (!row) throw new Error("the catalog has lost its counter")
    return row.value
  }

  /** The entry of a name, whatever its step, or null. */
  find(kind: EntryKind, name: string): StoredEntry | null {
    if (!this.#exists()) return null
    const [row] = this.#database.all<EntryRow>(
      `SELECT kind, name, step, incarnation, version, settings, pending, created_at, updated_at
       FROM entry WHERE kind = ? AND name = ?`,
      kind,
      name,
    )
    return row ? fromRow(row) : null
  }

  /** Names that resolve (all their objects exist), in order: those that begin with `prefix` and follow `afterName`. */
  list(kind: EntryKind, prefix: string, limit: number, afterName: string | null): StoredEntry[] {
    if (!this.#exists()) return []
    const rows = this.#database.all<EntryRow>(
      `SELECT kind, name, step, incarnation, version, settings, pending, created_at, updated_at
       FROM entry
       WHERE kind = ? AND name > ? AND name >= ? AND name < ? AND step IN ('ready', 'altering', 'growing')
       ORDER BY name LIMIT ?`,
      kind,
      afterName ?? "",
      prefix,
      prefix + LAST_CHARACTER,
      limit,
    )
    return rows.map(fromRow)
  }

  /** Of the queues that `list` would list, those whose dead letters go to `target`. */
  listSources(target: string, prefix: string, limit: number, afterName: string | null): StoredEntry[] {
    if (!this.#exists()) return []
    const rows = this.#database.all<EntryRow>(
      `SELECT kind, name, step, incarnation, version, settings, pending, created_at, updated_at
       FROM entry
       WHERE kind = 'queue' AND name > ? AND name >= ? AND name < ? AND step IN ('ready', 'altering')
         AND json_extract(settings, '$.deadLetterQueue') = ?
       ORDER BY name LIMIT ?`,
      afterName ?? "",
      prefix,
      prefix + LAST_CHARACTER,
      target,
      limit,
    )
    return rows.map(fromRow)
  }

  /** Entries with a step that a crash may have left half done. */
  unfinished(): StoredEntry[] {
    if (!this.#exists()) return []
    const rows = this.#database.all<EntryRow>(
      `SELECT kind, name, step, incarnation, version, settings, pending, created_at, updated_at
       FROM entry WHERE step <> 'ready' ORDER BY kind, name`,
    )
    return rows.map(fromRow)
  }

  /** Opens the producer `name`: a new one at epoch 0, a known one at the epoch after the last. */
  openProducer(name: string, now: number): OpenedProducer {
    this.#createTables()
    const [known] = this.#database.all<OpenedRow>(
      "UPDATE named_producer SET epoch = epoch + 1, opened_at = ? WHERE name = ? RETURNING producer_id, epoch",
      now,
      name,
    )
    if (known) return { producerId: known.producer_id, epoch: known.epoch }
    const producerId = this.nextNumber()
    this.#database.run(
      "INSERT INTO named_producer (name, producer_id, epoch, opened_at) VALUES (?, ?, 0, ?)",
      name,
      producerId,
      now,
    )
    this.#forgetProducers()
    return { producerId, epoch: 0 }
  }

  insert(entry: StoredEntry): void {
    this.#createTables()
    this.#database.run(
      `INSERT INTO entry (kind, name, step, incarnation, version, settings, pending, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.kind,
      entry.name,
      entry.step,
      entry.incarnation,
      entry.version,
      entry.settings,
      entry.pending,
      entry.createdAt,
      entry.updatedAt,
    )
  }

  setStep(kind: EntryKind, name: string, step: EntryStep): void {
    this.#database.run("UPDATE entry SET step = ? WHERE kind = ? AND name = ?", step, kind, name)
  }

  update(kind: EntryKind, name: string, update: EntryUpdate): void {
    this.#database.run(
      "UPDATE entry SET step = ?, version = ?, settings = ?, pending = ?, updated_at = ? WHERE kind = ? AND name = ?",
      update.step,
      update.version,
      update.settings,
      update.pending,
      update.updatedAt,
      kind,
      name,
    )
  }

  /** The name is free; of a queue it is known for a while. Call inside a transaction. */
  remove(kind: EntryKind, name: string, now: number): void {
    this.#database.run("DELETE FROM entry WHERE kind = ? AND name = ?", kind, name)
    if (kind !== "queue") return
    this.#database.run("DELETE FROM deleted_queue WHERE deleted_at <= ?", now - QUEUE_DELETED_MS)
    this.#database.run("INSERT OR REPLACE INTO deleted_queue (name, deleted_at) VALUES (?, ?)", name, now)
  }

  /** When a queue of that name was deleted, of the last `QUEUE_DELETED_MS`; else null. */
  queueDeletedAt(name: string, now: number): number | null {
    if (!this.#exists()) return null
    const [row] = this.#database.all<{ deleted_at: number }>(
      "SELECT deleted_at FROM deleted_queue WHERE name = ? AND deleted_at > ?",
      name,
      now - QUEUE_DELETED_MS,
    )
    return row?.deleted_at ?? null
  }

  /** Of too many, those that were opened longest ago go: a slice of them. */
  #forgetProducers(): void {
    const [row] = this.#database.all<{ count: number }>("SELECT count(*) AS count FROM named_producer")
    const surplus = (row?.count ?? 0) - MAX_NAMED_PRODUCERS
    if (surplus <= 0) return
    this.#database.run(
      "DELETE FROM named_producer WHERE name IN (SELECT name FROM named_producer ORDER BY opened_at LIMIT ?)",
      Math.min(surplus, MAX_DELETIONS_PER_COMMIT),
    )
  }

  /** Looked up every time: what memory remembers may have been rolled back. */
  #exists(): boolean {
    return hasTable(this.#database, "counter")
  }

  #createTables(): void {
    if (this.#exists()) return
    this.#database.transaction(() => {
      migrate(this.#database, "catalog", 0)
      this.#database.run("INSERT INTO counter (id, schema_version, value) VALUES (0, ?, 0)", schemaVersion("catalog"))
    })
  }

  #upgrade(): void {
    if (!this.#exists()) return
    const [row] = this.#database.all<{ schema_version: number }>("SELECT schema_version FROM counter WHERE id = 0")
    const from = row?.schema_version ?? 0
    if (from >= schemaVersion("catalog")) return
    this.#database.transaction(() => {
      migrate(this.#database, "catalog", from)
      this.#database.run("UPDATE counter SET schema_version = ? WHERE id = 0", schemaVersion("catalog"))
    })
  }
}

function fromRow({ created_at, updated_at, ...row }: EntryRow): StoredEntry {
  return { ...row, createdAt: created_at, updatedAt: updated_at }
}
