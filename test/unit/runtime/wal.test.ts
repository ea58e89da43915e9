import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, test } from "vitest"
import { damageOfWal, mendedWal } from "../../../scripts/runtime/wal.ts"

const COMMITS = 6
const FRAME_BYTES = 24 + 4_096
const HEADER_BYTES = 32
const folder = mkdtempSync(join(tmpdir(), "millrace-wal-"))
const path = join(folder, "a.sqlite")
let database: DatabaseSync
let wal: Uint8Array
/** How long the log was before its last commit. */
let lastCommitAt = 0

const logOf = (): Uint8Array => new Uint8Array(readFileSync(`${path}-wal`))

beforeAll(() => {
  database = new DatabaseSync(path)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (n INTEGER, text TEXT)")
  for (let number = 0; number < COMMITS; number++) {
    lastCommitAt = logOf().length
    database.prepare("INSERT INTO t VALUES (?, ?)").run(number, "x".repeat(3_000))
  }
  wal = logOf()
})

afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

/** The numbers that SQLite finds with `log` beside the database. */
function numbersWith(log: Uint8Array): unknown[] {
  const copy = join(folder, `copy-${performance.now()}.sqlite`)
  writeFileSync(copy, readFileSync(path))
  writeFileSync(`${copy}-wal`, log)
  const opened = new DatabaseSync(copy)
  const rows = opened.prepare("SELECT n FROM t ORDER BY n").all()
  opened.close()
  return rows.map((row) => row["n"])
}

test("[K9] a log is whole as SQLite wrote it, and where it was cut off anywhere", () => {
  expect(damageOfWal(wal)).toBeNull()
  for (let length = 0; length < wal.length; length += 997) expect(damageOfWal(wal.subarray(0, length))).toBeNull()
})

test("[K8] a bit that changed before the last commit is found, wherever it is", () => {
  for (let at = HEADER_BYTES; at < lastCommitAt; at += 13) {
    // of a frame's header, which page it is and whether it commits are in the checksum like all else
    const damagedAt = HEADER_BYTES + Math.floor((at - HEADER_BYTES) / FRAME_BYTES) * FRAME_BYTES
    expect(damageOfWal(wal.with(at, wal[at]! ^ 1))).toBe(damagedAt)
  }
})

test("[K8] so it is in the header, but for the salt, by which a log that begins anew is told from the one before", () => {
  for (const at of [0, 5, 9, 13, 25, 30]) expect(damageOfWal(wal.with(at, wal[at]! ^ 4))).not.toBeNull()
})

test("[K9] what a crash left of the last commit is no damage: nothing stands behind it", () => {
  for (let at = lastCommitAt; at < wal.length; at += 13) expect(damageOfWal(wal.with(at, wal[at]! ^ 1))).toBeNull()
})

test("[K9] what is left of a log before this one is no damage", () => {
  database.exec("PRAGMA wal_checkpoint(RESTART)")
  database.prepare("INSERT INTO t VALUES (?, 'again')").run(COMMITS)
  const again = logOf()
  expect(again.length).toBe(wal.length)
  expect(damageOfWal(again)).toBeNull()
})

test("[K11] a mended log shows all commits but what stood on the damaged page alone", () => {
  const damaged = wal.slice()
  // a page that is written again by the commit behind it
  const at = HEADER_BYTES + Math.floor((lastCommitAt - HEADER_BYTES) / FRAME_BYTES / 2) * FRAME_BYTES
  damaged.fill(0, at, at + 24)
  const all = numbersWith(wal)
  expect(numbersWith(damaged).length).toBeLessThan(all.length)
  expect(damageOfWal(mendedWal(damaged))).toBeNull()
  expect(numbersWith(mendedWal(damaged))).toEqual(all)
})
