import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type DumpHead, headOf } from "../../scripts/fixtures/dump.ts"
import { PROJECT } from "../../scripts/fixtures/release-tree.ts"
import type { World } from "../../scripts/fixtures/world.ts"

/** Databases as a release stored them, and what it left in them. */
export interface Stored {
  readonly version: string
  /** What the release was built from. */
  readonly commit: string
  /** Whether it reads what the next version stores, so that a deploy of that can be rolled back. */
  readonly readsLater: boolean
  readonly world: World
  /** One per object, as SQL below its head. */
  readonly dumps: readonly string[]
}

const STORED = join(PROJECT, "test/fixtures/stored")
const NS_PER_MS = 1_000_000n

/** What `package.json` says this is. */
export const TODAY = (JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string }).version

/** Every version of which there are fixtures, the oldest first. */
export function storedVersions(): string[] {
  const folders = readdirSync(STORED, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).sort(byVersion)
}

/** The version before today's. */
export function yesterday(): Stored {
  const version = storedVersions().findLast((one) => byVersion(one, TODAY) < 0)
  if (version === undefined) throw new Error(`there are no fixtures of a version before ${TODAY}`)
  return readStored(version)
}

export function readStored(version: string): Stored {
  const folder = join(STORED, version)
  const release = readJson<{ commit: string; readsLater: boolean }>(join(folder, "release.json"))
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"))
  const dumps = files.sort().map((name) => readFileSync(join(folder, name), "utf8"))
  return { version, ...release, world: readJson<World>(join(folder, "world.json")), dumps }
}

/** Writes the databases into a new data folder of a broker; `shiftMs` is how far its clock will be behind. */
export function restore({ dumps, world }: Stored, dataDir: string, shiftMs: number): void {
  const alarms = new Map<string, DumpHead[]>()
  for (const sql of dumps) {
    const head = dueAfter(headOf(sql), world.recordedAt)
    const folder = join(dataDir, "objects", `millrace-${head.className}`)
    mkdirSync(folder, { recursive: true })
    const database = open(join(folder, `${head.id}.sqlite`))
    database.exec(sql)
    if (head.wakesAt !== null) {
      database.exec("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
      database.prepare("INSERT INTO _cf_METADATA (key, value) VALUES (1, ?)").run(wakeTime(head.wakesAt, shiftMs))
      alarms.set(folder, [...(alarms.get(folder) ?? []), head])
    }
    database.close()
  }
  for (const [folder, heads] of alarms) writeAlarms(join(folder, "metadata.sqlite"), heads, shiftMs)
}

/** What the runtime keeps of a class of objects, in its own format. */
function writeAlarms(path: string, heads: readonly DumpHead[], shiftMs: number): void {
  const database = open(path)
  database.exec(`
    CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID`)
  const insert = database.prepare("INSERT INTO _cf_ALARM (actor_id, scheduled_time, actor_name) VALUES (?, ?, ?)")
  for (const { id, name, wakesAt } of heads) insert.run(id, wakeTime(wakesAt ?? 0, shiftMs), name)
  database.close()
}

/** An alarm that was overdue comes at once. */
function dueAfter(head: DumpHead, at: number): DumpHead {
  return head.wakesAt === null ? head : { ...head, wakesAt: Math.max(head.wakesAt, at) }
}

function wakeTime(wakesAt: number, shiftMs: number): bigint {
  return BigInt(wakesAt - shiftMs) * NS_PER_MS
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
  return database
}

function byVersion(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true })
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T
}
