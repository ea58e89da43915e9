import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** A broker as `npm start` runs it, in processes of its own, on a data folder of its own. */
export interface TestBroker {
  /** Changes with every restart unless `port` was given. */
  readonly url: string
  readonly token: string
  readonly dataDir: string
  /** Kills the whole process tree at once, as a power cut would. */
  kill9(): Promise<void>
  /** Ends it by SIGTERM; returns the exit code. */
  stop(): Promise<number | null>
  /** Starts it again on the same folder, after `kill9` or `stop`. */
  restart(): Promise<void>
  /** Kills what still runs and removes the folder. */
  dispose(): Promise<void>
}

/** Settings of a test broker; without `port` it takes a free one at every start. */
export interface TestBrokerOptions {
  readonly port?: number
  readonly token?: string
  /** More environment variables for the process, such as MILLRACE_AUTH. */
  readonly env?: Readonly<Record<string, string>>
}

interface Running {
  readonly child: ChildProcess
  readonly url: string
}

const PROJECT_DIR = fileURLToPath(new URL("../../", import.meta.url))

/** Starts a broker and waits until it is ready. */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const token = options.token ?? "test-token"
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-"))
  const start = (): Promise<Running> =>
    launch({
      PORT: String(options.port ?? 0),
      DATA_DIR: dataDir,
      MILLRACE_TOKEN: token,
      ...options.env,
    })
  let running = await start()

  const end = async (pid: number, signal: NodeJS.Signals): Promise<number | null> => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return running.child.exitCode
    const exited = once(running.child, "exit")
    process.kill(pid, signal)
    await exited
    return running.child.exitCode
  }
  const kill9 = async (): Promise<void> => {
    await end(-pidOf(running.child), "SIGKILL")
  }
  return {
    get url() {
      return running.url
    },
    token,
    dataDir,
    kill9,
    stop: () => end(pidOf(running.child), "SIGTERM"),
    restart: async () => {
      running = await start()
    },
    dispose: async () => {
      await kill9()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function launch(settings: Readonly<Record<string, string>>): Promise<Running> {
  const child = spawn(process.execPath, ["scripts/start.ts"], {
    cwd: PROJECT_DIR,
    // A process group of its own, so that one signal reaches all of it; under `start` it ends with its parent.
    detached: true,
    env: { ...process.env, HOST: "127.0.0.1", npm_lifecycle_event: "start", ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /ready at (\S+)/.exec(line)?.[1]
    if (url !== undefined) {
      child.stdout.resume()
      return { child, url }
    }
  }
  throw new Error("the broker ended before it was ready")
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the broker was never spawned")
  return child.pid
}
