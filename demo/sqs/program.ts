import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Account } from "./account.ts"

/** An example that runs, as a process of its own. */
export interface Program {
  /** What it wrote so far. */
  readonly lines: readonly string[]
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** What an example is given besides endpoint and credentials. */
export interface ProgramOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly input?: string
  /** Is told every line as it is written. */
  readonly onLine?: (line: string, program: Program) => void
}

/** Starts an example of `demo/sqs/example`. */
export function startProgram({ environment, signal }: Account, name: string, options: ProgramOptions): Program {
  const path = fileURLToPath(new URL(`example/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, ...environment, ...options.environment },
    stdio: ["pipe", "pipe", "inherit"],
    signal,
    killSignal: "SIGKILL",
  })
  child.stdin.end(options.input ?? "")
  const output = createInterface({ input: child.stdout })
  const lines: string[] = []
  const ended = Promise.all([once(child, "exit"), once(output, "close")])
  // nobody may be waiting for it when the demo is stopped, and what that was for is told where the demo is
  ended.catch(() => {})
  child.on("error", () => {})
  const kill = (cause: NodeJS.Signals): void => {
    child.kill(cause)
  }
  const program = { lines, ended, kill }
  output.on("line", (line) => {
    lines.push(line)
    options.onLine?.(line, program)
  })
  return program
}

/** What stands behind `word` in the lines that begin with it: the first part. */
export function partsBehind(word: string, lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(" ")[1]!)
}
