import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { CONFIG_NAME } from "./capnp.ts"

/** How `workerd` ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running `workerd`. */
export interface Workerd {
  readonly pid: number
  /** The port of its socket, once it listens; rejects where it ends before. */
  readonly port: Promise<number>
  readonly exited: Promise<Exit>
  readonly kill: (signal: NodeJS.Signals) => void
}

const WORKERD = fileURLToPath(import.meta.resolve("workerd/bin/workerd"))
const CONTROL_FD = 3

/** An interrupt from the terminal reaches the whole process group; the parent alone decides how `workerd` ends. */
const WITHOUT_INTERRUPT = `trap '' INT; exec "$0" "$@"`

/** Its standard input ends when this process does, also by SIGKILL; then it takes `workerd` along. */
const GUARD = `trap '' INT TERM; read -r _; kill -9 "$0" 2>/dev/null`

/** Spawns `workerd` with `configPath`; `environment` is all the environment that it sees. */
export function spawnWorkerd(configPath: string, environment: Readonly<Record<string, string>>): Workerd {
  const child = spawn(
    "/bin/sh",
    ["-c", WITHOUT_INTERRUPT, WORKERD, "serve", configPath, CONFIG_NAME, `--control-fd=${CONTROL_FD}`],
    { stdio: ["ignore", "inherit", "inherit", "pipe"], env: { ...environment } },
  )
  const { pid } = child
  if (pid === undefined) throw new Error("workerd could not be spawned")
  const guard = spawn("/bin/sh", ["-c", GUARD, String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
  })
  const exited = new Promise<Exit>((settle) => {
    child.once("exit", (code, signal) => {
      // Before the system can give the pid to another process.
      guard.kill("SIGKILL")
      settle({ code, signal })
    })
  })
  return { pid, port: listeningPort(child), exited, kill: (signal) => void child.kill(signal) }
}

async function listeningPort(child: ChildProcess): Promise<number> {
  const control = child.stdio[CONTROL_FD] as Readable
  const lines = createInterface({ input: control })
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?]
  if (line === undefined)
    throw new Error("workerd ended before it listened: is PORT free, and HOST an address of this machine?")
  // The only message on this descriptor: {"event":"listen","socket":"http","port":8787}
  return (JSON.parse(line) as { port: number }).port
}
