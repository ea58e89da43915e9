import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

interface Run {
  readonly process: ChildProcess
  output: string
}

let dataDir: string
let runs: Run[]
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "millrace-start-"))
  runs = []
})
afterEach(async () => {
  for (const run of runs) await end(run, "SIGKILL")
  rmSync(dataDir, { recursive: true, force: true })
})

describe("npm start", () => {
  it("says that it is ready when it answers, and not before", async () => {
    expect(await answers(urlOf(await ready(start())))).toBe(true)
  })

  it("ends with code 0 on SIGTERM and takes workerd along", async () => {
    const run = await ready(start())
    expect(await end(run, "SIGTERM")).toBe(0)
    expect(await answers(urlOf(run))).toBe(false)
  })

  it("leaves no workerd behind when it alone is killed, and starts again at once", async () => {
    const run = await ready(start())
    await end(run, "SIGKILL")
    expect(await answers(urlOf(await ready(start())))).toBe(true)
    expect(await answers(urlOf(run))).toBe(false)
  })

  it("ends with code 1 when workerd dies", async () => {
    const run = await ready(start())
    process.kill(workerdPid(), "SIGKILL")
    await expect.poll(() => run.process.exitCode, { timeout: 5_000 }).toBe(1)
  })

  it("refuses a data folder that another broker has", async () => {
    const first = await ready(start())
    const second = start()
    await once(second.process, "exit")
    expect(second.process.exitCode).toBe(1)
    expect(second.output).toContain("another broker is running")
    expect(first.process.exitCode).toBe(null)
  })

  it("makes a development token that stays with the folder and that nobody else can read", async () => {
    const first = await ready(start({ MILLRACE_TOKEN: "" }))
    const file = join(dataDir, "token")
    const token = readFileSync(file, "utf8").trim()
    expect(token.length).toBeGreaterThan(20)
    expect(first.output).toContain(`development token: ${token}`)
    expect(statSync(file).mode & 0o077).toBe(0)
    await end(first, "SIGTERM")
    expect((await ready(start({ MILLRACE_TOKEN: "" }))).output).toContain(`development token: ${token}`)
  })

  it("keeps a token that it was given to itself", async () => {
    const run = await ready(start({ MILLRACE_TOKEN: "a-secret-of-mine" }))
    expect(run.output).not.toContain("a-secret-of-mine")
    expect(readFileSync(join(dataDir, "runtime/config.capnp"), "utf8")).not.toContain("a-secret-of-mine")
  })

  it("refuses a port that is none", async () => {
    const run = start({ PORT: "http" })
    await once(run.process, "exit")
    expect(run.process.exitCode).toBe(1)
    expect(run.output).toContain("PORT must be")
  })
})

function start(settings: Readonly<Record<string, string>> = {}): Run {
  const env = { ...process.env, PORT: "0", DATA_DIR: dataDir, MILLRACE_TOKEN: "test-token", ...settings }
  const child = spawn(process.execPath, ["scripts/start.ts"], { env, stdio: ["ignore", "pipe", "pipe"] })
  const run: Run = { process: child, output: "" }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (run.output += chunk))
  }
  runs.push(run)
  return run
}

async function ready(run: Run): Promise<Run> {
  while (!/ready at \S+\n/.test(run.output)) {
    if (run.process.exitCode !== null) throw new Error(`it ended instead: ${run.output}`)
    await sleep(10)
  }
  return run
}

async function end(run: Run, signal: NodeJS.Signals): Promise<number | null> {
  if (run.process.exitCode === null && run.process.signalCode === null) {
    run.process.kill(signal)
    await once(run.process, "exit")
  }
  return run.process.exitCode
}

function workerdPid(): number {
  return Number(readFileSync(join(dataDir, "runtime/workerd.pid"), "utf8"))
}

function urlOf(run: Run): string {
  return /ready at (\S+)/.exec(run.output)?.[1] ?? ""
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  )
}
