import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync } from "node:fs"
import { basename, join, relative } from "node:path"
import { damageOfWal } from "./wal.ts"

const MAGIC = "SQLite format 3\0"
const DATABASE = ".sqlite"
/** What SQLite keeps beside a database. */
const COMPANIONS = ["", "-wal", "-shm"]
/** In the name of the folder of the catalogs, without which nothing is known of any object. */
const CATALOG = /CatalogObject$/
/** Where the runtime keeps when the objects of a class are to wake. It wakes none that is not in it. */
const ALARMS = "metadata.sqlite"

/**
 * Looks at every database before any is opened, because opening one makes some damage worse or hides it. What is damaged is
 * moved aside, so that its object says so and the others serve. Answers a line for each; throws where it is a catalog, without
 * which nothing can be served, or the alarms of a class, without which nothing in it would happen by itself.
 */
export function setDamagedAside(objectsDir: string, damagedDir: string): string[] {
  const folders = readdirSync(objectsDir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap(({ name: folder }) =>
    readdirSync(join(objectsDir, folder))
      .filter((file) => file.endsWith(DATABASE))
      .flatMap((file) => {
        const path = join(objectsDir, folder, file)
        const damage = damageOf(path)
        if (damage === null) return []
        const what = `${relative(objectsDir, path)}: ${damage}`
        if (file === ALARMS) throw new Error(`a list of alarms is damaged, restore it from a backup: ${what}`)
        if (CATALOG.test(folder)) throw new Error(`the catalog is damaged, restore it from a backup: ${what}`)
        const aside = join(damagedDir, new Date().toISOString().replaceAll(":", "-"), folder)
        moveTo(aside, path)
        return [`${what}; moved to ${aside}`]
      }),
  )
}

/** What is wrong with the database at `path`, or null. Pages are SQLite's and the broker's own to check, when they are read. */
function damageOf(path: string): string | null {
  const beginning = beginningOf(path)
  // one that was never checkpointed is empty
  if (beginning !== "" && beginning !== MAGIC) return "this is no database any more"
  const damagedAt = damageOfWal(readIfThere(`${path}-wal`))
  if (damagedAt === null) return null
  return `its write-ahead log is damaged at byte ${damagedAt}, and holds commits behind it that would be lost`
}

function beginningOf(path: string): string {
  const file = openSync(path, "r")
  try {
    const bytes = new Uint8Array(MAGIC.length)
    return new TextDecoder("latin1").decode(bytes.subarray(0, readSync(file, bytes)))
  } finally {
    closeSync(file)
  }
}

function moveTo(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const companion of COMPANIONS) {
    try {
      renameSync(path + companion, join(folder, basename(path) + companion))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return new Uint8Array(0)
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT"
}
