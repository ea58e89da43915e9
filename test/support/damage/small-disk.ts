import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/** A file system of a few megabytes in a mount namespace of its own, which needs no rights on the machine. */
export interface SmallDisk {
  /** Where it is, for whoever is `within` it; for all others an empty folder. */
  readonly path: string
  /** The words that run a command where the disk is seen. */
  readonly within: readonly string[]
  /** Makes it larger, with everything that is on it. */
  resize(bytes: number): Promise<void>
  /** Takes all that is left of it. */
  fill(): Promise<void>
  dispose(): Promise<void>
}

/** User namespaces where the system lets everybody have them; else root, where it may mount. */
const NAMESPACES = [
  { unshare: ["-r", "-m"], enter: ["-U", "-m", "--preserve-credentials"] },
  { unshare: ["-m"], enter: ["-m"] },
] as const

const MOUNT = `mount -t tmpfs -o size="$0" tmpfs "$1" && echo mounted && read -r _`
/** Ends with an error, as it is meant to. */
const FILL = `cat /dev/zero > "$0/ballast" 2>/dev/null || true`

/** A disk of `sizeBytes`, or null on a system where this process can't mount one. */
export async function openSmallDisk(sizeBytes: number): Promise<SmallDisk | null> {
  const path = mkdtempSync(join(tmpdir(), "millrace-disk-"))
  for (const { unshare, enter } of NAMESPACES) {
    const holder = spawn("unshare", [...unshare, "sh", "-c", MOUNT, String(sizeBytes), path], {
      stdio: ["pipe", "pipe", "ignore"],
    })
    if (await isMounted(holder)) return smallDisk(path, holder, ["nsenter", "-t", String(holder.pid), ...enter])
  }
  rmSync(path, { recursive: true })
  return null
}

function smallDisk(path: string, holder: ChildProcess, within: readonly [string, ...string[]]): SmallDisk {
  const shell = async (script: string, ...words: string[]): Promise<void> => {
    const [command, ...prefix] = within
    await run(command, [...prefix, "sh", "-c", script, path, ...words])
  }
  return {
    path,
    within,
    resize: (bytes) => shell(`mount -o remount,size="$1" "$0"`, String(bytes)),
    fill: () => shell(FILL),
    dispose: async () => {
      const ended = once(holder, "exit")
      holder.kill("SIGKILL")
      await ended
      rmSync(path, { recursive: true, force: true })
    },
  }
}

async function isMounted(holder: ChildProcess): Promise<boolean> {
  const ended = once(holder, "exit").then(
    () => false,
    // there is no such command
    () => false,
  )
  return Promise.race([once(holder.stdout!, "data").then(() => true), ended])
}
