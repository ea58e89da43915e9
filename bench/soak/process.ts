import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

const BYTES_PER_KIB = 1024
/** Linux counts processor time in these, whatever the machine. */
const TICKS_PER_SECOND = 100
/** Of what follows the name of the program in /proc/<pid>/stat. */
const USER_FIELD = 11
const SYSTEM_FIELD = 12

/** What process `pid` has in memory now, in bytes; null where there is none. */
export function residentBytes(pid: number): number | null {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")
  return line ? Number(line[1]) * BYTES_PER_KIB : null
}

/** Processor time of process `pid` since it began, in ms; null where there is none. */
export function processorMs(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return ((Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * 1000) / TICKS_PER_SECOND
}

/** Bytes of all files in a folder and below. */
export function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, file) => {
    // a write-ahead log may go while it is looked at
    return sum + (statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0)
  }, 0)
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return null
  }
}
