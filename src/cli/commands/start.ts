import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Command, given, once } from "../command.ts"
import { UsageError } from "../failures.ts"
import { parseCount } from "../units.ts"

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const
const MAX_PORT = 65_535

/** `start`: the broker on this machine, as `npm start` runs it. */
export const start: Command = (yargs, choose) =>
  yargs.command(
    "start",
    "Run a broker on this machine",
    (y) =>
      y
        .option("port", { coerce: once(parsePort), describe: "8787 unless told; 0 takes a free one [PORT]" })
        .option("host", { coerce: once(String), describe: "127.0.0.1 unless told [HOST]" })
        .option("data-dir", { coerce: once(String), describe: ".millrace unless told [DATA_DIR]" })
        .example("$0 start", "On http://127.0.0.1:8787, with a token for development")
        .example("$0 start --port 9000 --data-dir /var/lib/millrace --token secret", "With settings"),
    (flags) =>
      choose(({ environment }) =>
        runBroker({
          ...environment,
          // it is to end with this process, however that ends
          npm_lifecycle_event: "start",
          ...given({
            PORT: flags.port === undefined ? undefined : String(flags.port),
            HOST: flags.host,
            DATA_DIR: flags.dataDir,
            MILLRACE_TOKEN: flags.token,
          }),
        }),
      ),
  )

/** Runs `scripts/start.ts` with the package's own Node; resolves to its exit code. */
async function runBroker(environment: NodeJS.ProcessEnv): Promise<number> {
  const root = packageRoot()
  const node = join(root, "node_modules", ".bin", "node")
  const script = join(root, "scripts", "start.ts")
  if (!existsSync(node) || !existsSync(script)) {
    throw new UsageError(`there is no broker in ${root}: run \`npm ci\` in a copy of the project`)
  }
  // a group of its own: what the terminal sends arrives here, and is passed on once
  const child = spawn(node, [script], { stdio: "inherit", env: environment, detached: true })
  const passOn = SIGNALS.map((signal) => [signal, (): void => void child.kill(signal)] as const)
  for (const [signal, pass] of passOn) process.on(signal, pass)
  try {
    return await exitOf(child)
  } finally {
    for (const [signal, pass] of passOn) process.off(signal, pass)
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]))
  })
}

/** The folder of `package.json`: the bundle is in `dist/cli`, and may be called by a link. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

function parsePort(text: string): number {
  const port = parseCount(text)
  if (port > MAX_PORT) throw new UsageError(`${text} is no port: it is a number from 0 to ${MAX_PORT}`)
  return port
}
