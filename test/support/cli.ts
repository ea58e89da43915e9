import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"

/** How a command ended and what it said. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to run it. */
export interface CliOptions {
  readonly input?: string
  /** Over the URL and the token. */
  readonly env?: Readonly<Record<string, string>>
  /** Another Node than that of the tests. */
  readonly node?: string
}

/** The command `millrace`, built, with a broker and a home of its own. */
export interface Cli {
  /** Runs it to its end. */
  run(args: string, options?: CliOptions): Promise<CliResult>
  /** Its stdout; throws unless it exits with 0. */
  read(args: string, options?: CliOptions): Promise<string>
  /** The NDJSON that it writes with `--json`. */
  json(args: string, options?: CliOptions): Promise<Record<string, unknown>[]>
  /** Starts it, for tests that don't wait for its end. */
  start(args: string, options?: CliOptions): ChildProcess
  /** The variables that it runs with. */
  readonly env: NodeJS.ProcessEnv
  dispose(): void
}

const PROJECT_DIR = fileURLToPath(new URL("../../", import.meta.url))

/** The built command. */
export const BIN = join(PROJECT_DIR, "dist/cli/millrace.js")

/** Builds the command as it is now, for a broker. */
export function builtCli({ url, token }: { readonly url: string; readonly token: string }): Cli {
  execFileSync(process.execPath, ["scripts/build-cli.ts"], { cwd: PROJECT_DIR })
  const home = mkdtempSync(join(tmpdir(), "millrace-home-"))
  const { PATH = "", TERM = "xterm" } = process.env
  // nothing else: the settings of whoever runs the tests would change what is tested
  const env = { PATH, TERM, HOME: home, DATA_DIR: join(home, "data"), MILLRACE_URL: url, MILLRACE_TOKEN: token }

  const start = (args: string, options: CliOptions = {}): ChildProcess =>
    spawn(options.node ?? process.execPath, [BIN, ...wordsOf(args)], { cwd: home, env: { ...env, ...options.env } })
  const run = async (args: string, options: CliOptions = {}): Promise<CliResult> => {
    const child = start(args, options)
    child.stdin?.on("error", () => {}).end(options.input ?? "")
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "close")])
    return { code: child.exitCode, stdout, stderr }
  }
  const read = async (args: string, options?: CliOptions): Promise<string> => {
    const { code, stdout, stderr } = await run(args, options)
    if (code !== 0) throw new Error(`millrace ${args} ended with ${code}: ${stderr}`)
    return stdout
  }
  return {
    env,
    start,
    run,
    read,
    json: async (args, options) => objectsOf(await read(`${args} --json`, options)),
    dispose: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** The objects of NDJSON. */
export function objectsOf(ndjson: string): Record<string, unknown>[] {
  const lines = ndjson.split("\n").filter((line) => line !== "")
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Words between spaces; what stands in single quotes is one. */
function wordsOf(args: string): string[] {
  return [...args.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
}
