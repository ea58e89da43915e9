import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { startBroker } from "../runtime/broker.ts"
import type { Program } from "./programs.ts"

/** What the documents say, and what a reader who follows them has. */
const DOCUMENTED_URL = "http://127.0.0.1:8787"
const DOCUMENTED_TOKEN = "secret"

/** A program that does not end is one that a reader could not follow. */
const PROGRAM_MS = 60_000

/** A program as it is to be run. */
export interface Runnable extends Program {
  /** Where its source is to be written. */
  readonly path: string
  readonly write: (source: string) => Promise<void>
}

/** Runs the programs of one document in order, against a broker of their own. Returns what went wrong. */
export async function runPrograms(programs: readonly Runnable[]): Promise<string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-snippets-"))
  const broker = await startBroker({ dataDir, env: { MILLRACE_TOKEN: DOCUMENTED_TOKEN } })
  const problems: string[] = []
  try {
    for (const program of programs) {
      await program.write(program.source.replaceAll(DOCUMENTED_URL, broker.url))
      const problem = await runProgram(program.path)
      console.log(`${problem === null ? "ran" : "FAILED"} ${program.document}:${program.line}`)
      if (problem !== null) problems.push(`${program.document}:${program.line}: ${problem}`)
    }
    return problems
  } finally {
    await broker.stop()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Null where it ended by itself, with code 0 and without complaint. */
async function runProgram(path: string): Promise<string | null> {
  const child = spawn(process.execPath, [path], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PROGRAM_MS,
    killSignal: "SIGKILL",
  })
  const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
  if (child.exitCode === 0 && complaints === "") return null
  const end = child.signalCode === null ? `ended with code ${child.exitCode}` : `not done after ${PROGRAM_MS} ms`
  return [end, said, complaints].join("\n").trim()
}
