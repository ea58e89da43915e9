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
  /** Starts it again on the same folder, after `kill9` or `stop`; rejects where it is killed before it is ready. */
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
  /** Where it keeps its data: the caller's, which `dispose` leaves alone. Else a folder of its own. */
  readonly dataDir?: string
  /** Words before its command, such as those that put it into another mount namespace. */
  readonly within?: readonly string[]
  /** Takes what it writes to its standard error, which is else that of the test. */
  readonly onError?: (text: string) => void
}

const PROJECT_DIR = fileURLToPath(new URL("../../", import.meta.url))

/** Starts a broker and waits until it is ready. */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const token = options.token ?? "test-token"
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "millrace-"))
  const settings = { PORT: String(options.port ?? 0), DATA_DIR: dataDir, MILLRACE_TOKEN: token, ...options.env }
  let running = { child: launch(settings, options), url: "" }
  let isDisposed = false
  const ready = async (): Promise<void> => {
    running.url = await urlOf(running.child)
  }
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
  const dispose = async (): Promise<void> => {
    isDisposed = true
    await kill9()
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    await ready()
  } catch (error) {
    await dispose()
    throw error
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
      // whoever goes on, unaware that the test is over, would leave a process behind
      if (isDisposed) throw new Error("the broker was disposed of")
      // it can be killed before it is ready
      running = { child: launch(settings, options), url: running.url }
      await ready()
    },
    dispose,
  }
}

function launch(settings: Readonly<Record<string, string>>, { within = [], onError }: TestBrokerOptions): ChildProcess {
  const [command, ...words] = [...within, process.execPath, join(PROJECT_DIR, "scripts/start.ts")]
  const child = spawn(command, words, {
    cwd: PROJECT_DIR,
    // A process group of its own, so that one signal reaches all of it; under `start` it ends with its parent.
    detached: true,
    env: { ...process.env, HOST: "127.0.0.1", npm_lifecycle_event: "start", ...settings },
    stdio: ["ignore", "pipe", onError ? "pipe" : "inherit"],
  })
  if (onError) child.stderr?.setEncoding("utf8").on("data", onError)
  return child
}

/** What it says when it is ready. */
async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /ready at (\S+)/.exec(line)?.[1]
    if (url !== undefined) {
      child.stdout!.resume()
      return url
    }
  }
  throw new Error("the broker ended before it was ready")
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the broker was never spawned")
  return child.pid
}
