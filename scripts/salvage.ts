/**
 * `npm run salvage -- <database>`: prints what can be read of the messages or records in the database of one queue or
 * partition, however damaged it is, a line of JSON for each. Works on a copy; the broker may run.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { mendedWal } from "./runtime/wal.ts"
import { readableRows } from "./salvage/readable-rows.ts"
import { linesOf } from "./salvage/lines.ts"

const [path] = process.argv.slice(2)
if (path === undefined || !existsSync(path)) {
  console.error("usage: npm run salvage -- <data folder>/objects/<class>/<object>.sqlite")
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), "millrace-salvage-"))
try {
  const database = openCopy(path, join(folder, "copy.sqlite"))
  let [records, lost] = [0, 0]
  for (const found of readableRows(database)) {
    if ("unreadable" in found) lost++
    for (const { line, isDamaged } of linesOf(found)) {
      console.log(line)
      if (isDamaged) lost++
      else records++
    }
  }
  console.error(`${records} records, ${lost} places that can't be read`)
  process.exitCode = lost === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

function openCopy(path: string, copy: string): DatabaseSync {
  copyFileSync(path, copy)
  if (existsSync(`${path}-wal`)) writeFileSync(`${copy}-wal`, mendedWal(readFileSync(`${path}-wal`)))
  return new DatabaseSync(copy)
}
