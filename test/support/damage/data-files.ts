import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

type Folder = "QueueObject" | "PartitionObject"

/** The database of the object in whose records `marker` stands, of a broker that does not run. */
export function databaseWith(dataDir: string, folder: Folder, marker: string): string {
  const path = join(dataDir, "objects", `millrace-${folder}`)
  const files = readdirSync(path).filter((file) => file.includes(".sqlite") && !file.startsWith("metadata"))
  const found = files.find((file) => readFileSync(join(path, file)).includes(marker))
  if (found === undefined) throw new Error(`nothing is stored of ${marker}`)
  return join(path, found.replace(/-(wal|shm)$/, ""))
}

/** Changes one bit in the middle of a stored value, as a disk would. `where` names a row of `table`. */
export function flipBit(path: string, table: string, column: string, where = "true"): void {
  const database = new DatabaseSync(path)
  const found = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where} LIMIT 1`).get()
  const value = found?.["value"]
  if (!(value instanceof Uint8Array)) throw new Error(`${table} has no such row`)
  const changed = value.slice()
  changed[changed.length >> 1]! ^= 0b100
  database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(changed)
  database.close()
}

/** Overwrites with zeros one page of a table: the `nth` of those of a type, as dbstat calls it. */
export function zeroPage(path: string, table: string, type: "leaf" | "overflow", nth: number): void {
  const database = new DatabaseSync(path)
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)")
  const pages = database
    .prepare("SELECT pageno, pgsize FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path")
    .all(table, type) as { pageno: number; pgsize: number }[]
  database.close()
  const page = pages[nth]
  if (page === undefined) throw new Error(`${table} has no such page`)
  zero(path, (page.pageno - 1) * page.pgsize, page.pgsize)
}

/** Overwrites a part of a file with zeros. */
export function zero(path: string, at: number, bytes: number): void {
  const content = readFileSync(path)
  content.fill(0, at, at + bytes)
  writeFileSync(path, content)
}
