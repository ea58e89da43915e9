import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"

/** The folder of one broker: its objects' databases, and what a run writes beside them. Paths are absolute. */
export interface DataDir {
  readonly objectsDir: string
  /** Where databases go that are damaged; it need not be there. */
  readonly damagedDir: string
  readonly bundlePath: string
  readonly configPath: string
  readonly pidPath: string
  /** Lets another run have the folder. Harmless when repeated. */
  readonly release: () => void
}

/** A broker that was killed a moment ago may still be on its way out. */
const LOCK_WAIT_MS = 3_000

const PRIVATE_FOLDER = 0o700

/**
 * Takes `path` for this process alone; throws where another run has it.
 * A `workerd` that outlived its run is killed: two of them on one folder would lose messages.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const root = resolve(path)
  const runtimeDir = join(root, "runtime")
  const objectsDir = join(root, "objects")
  mkdirSync(objectsDir, { recursive: true, mode: PRIVATE_FOLDER })
  mkdirSync(runtimeDir, { recursive: true, mode: PRIVATE_FOLDER })
  const release = lock(root)
  const configPath = join(runtimeDir, "config.capnp")
  const pidPath = join(runtimeDir, "workerd.pid")
  await endStray(pidPath, configPath)
  return {
    objectsDir,
    damagedDir: join(root, "damaged"),
    bundlePath: join(runtimeDir, "worker.js"),
    configPath,
    pidPath,
    release,
  }
}

/** The development token of the folder, made at the first call and readable by its owner alone. */
export function developmentToken(path: string): string {
  const file = join(path, "token")
  const kept = readOrEmpty(file).trim()
  if (kept !== "") return kept
  const token = randomBytes(24).toString("base64url")
  mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER })
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  return token
}

/** SQLite's file lock, because the system drops it with the process, however that ends. */
function lock(root: string): () => void {
  const database = new DatabaseSync(join(root, "lock"), { timeout: LOCK_WAIT_MS })
  try {
    database.exec("BEGIN EXCLUSIVE")
  } catch {
    database.close()
    throw new Error(`another broker is running on ${root}: stop it, or set DATA_DIR to another folder`)
  }
  return () => {
    if (database.isOpen) database.close()
  }
}

async function endStray(pidPath: string, configPath: string): Promise<void> {
  const pid = Number(readOrEmpty(pidPath))
  if (pid === 0 || !commandOf(pid).includes(configPath)) return
  console.error(`killing workerd ${pid}, left behind by an earlier run`)
  process.kill(pid, "SIGKILL")
  while (commandOf(pid).includes(configPath)) await sleep(20)
}

function commandOf(pid: number): string {
  const fromProc = readOrEmpty(`/proc/${pid}/cmdline`)
  if (fromProc !== "" || process.platform === "linux") return fromProc
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: "pipe",
    })
  } catch {
    return ""
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    // ESRCH: the process ended between the opening of its file and the reading.
    if (hasCode(error, "ENOENT") || hasCode(error, "ESRCH")) return ""
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
