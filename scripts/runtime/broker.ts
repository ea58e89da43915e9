import { writeFile } from "node:fs/promises"
import { basename, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { setTimeout as sleep } from "node:timers/promises"
import { bundleWorker } from "./bundle.ts"
import { workerdConfig } from "./capnp.ts"
import { setDamagedAside } from "./check-data.ts"
import { readWorkerConfig } from "./config.ts"
import { openDataDir } from "./data-dir.ts"
import { type Exit, spawnWorkerd, type Workerd } from "./process.ts"

/** What to run and where. */
export interface BrokerOptions {
  readonly dataDir: string
  readonly host?: string
  /** 0, the default, takes a free port. */
  readonly port?: number
  /** Text bindings of the Worker, over the `[vars]` of the wrangler file: secrets and settings of this run. */
  readonly env?: Readonly<Record<string, string>>
  /** Another module than the one that `main` names in the wrangler file; it must answer `GET /healthz` too. */
  readonly entry?: string
  /** Another wrangler file than the project's own. */
  readonly wranglerToml?: string
}

/** A broker that answers. */
export interface RunningBroker {
  readonly url: string
  /** Process id of `workerd`. */
  readonly pid: number
  /** Settles when `workerd` has ended, for whatever reason. */
  readonly exited: Promise<Exit>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Lets requests in progress end, for two seconds at most, then ends `workerd`. */
  readonly stop: () => Promise<void>
}

const PROJECT_TOML = fileURLToPath(new URL("../../wrangler.toml", import.meta.url))
const READY_WITHIN_MS = 20_000
/** Sockets and long polls would hold `workerd` up for ever; nothing acknowledged is lost by ending it. */
const STOP_GRACE_MS = 2_000

/** Bundles and runs a Worker on `workerd`; resolves when `GET /healthz` answers 200. */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { host = "127.0.0.1", port = 0, env = {} } = options
  const config = await readWorkerConfig(options.wranglerToml ?? PROJECT_TOML)
  const directory = await openDataDir(options.dataDir)
  try {
    for (const damage of setDamagedAside(directory.objectsDir, directory.damagedDir)) console.error(damage)
    await bundleWorker(options.entry === undefined ? config.entry : resolve(options.entry), directory.bundlePath)
    const place = {
      address: `${authority(host)}:${port}`,
      objectsDir: directory.objectsDir,
      module: basename(directory.bundlePath),
      environment: Object.keys(env),
    }
    await writeFile(directory.configPath, workerdConfig(config, place))
    const workerd = spawnWorkerd(directory.configPath, env)
    void workerd.exited.then(directory.release)
    await writeFile(directory.pidPath, String(workerd.pid))
    return await whenReady(workerd, host)
  } catch (error) {
    directory.release()
    throw error
  }
}

async function whenReady(workerd: Workerd, host: string): Promise<RunningBroker> {
  const { pid, exited, kill } = workerd
  try {
    const url = `http://${authority(reachable(host))}:${await workerd.port}`
    await Promise.race([
      healthy(url),
      exited.then(() => Promise.reject(new Error("workerd ended before it was ready"))),
    ])
    return { url, pid, exited, kill, stop: () => stop(workerd) }
  } catch (error) {
    kill("SIGKILL")
    await exited
    throw error
  }
}

async function healthy(url: string): Promise<void> {
  const deadlineAt = Date.now() + READY_WITHIN_MS
  let answer = "nothing"
  while (Date.now() < deadlineAt) {
    const status = await fetch(`${url}/healthz`)
      .then((response) => response.status)
      .catch(() => null)
    if (status === 200) return
    if (status !== null) answer = `status ${status}`
    await sleep(20)
  }
  throw new Error(`the broker is not ready: GET /healthz answers ${answer}`)
}

async function stop(workerd: Workerd): Promise<void> {
  workerd.kill("SIGTERM")
  const grace = setTimeout(() => workerd.kill("SIGKILL"), STOP_GRACE_MS)
  await workerd.exited
  clearTimeout(grace)
}

function authority(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}

/** An address on which a listener of `host` answers. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "*") return "127.0.0.1"
  return host === "::" ? "::1" : host
}
