/** `npm start`: the broker on this machine. Settings: PORT, HOST, DATA_DIR, MILLRACE_TOKEN, MILLRACE_SIGNING_KEY, MILLRACE_AUTH, MILLRACE_SQS_WAITS. */
import { developmentToken } from "./runtime/data-dir.ts"
import { type RunningBroker, startBroker } from "./runtime/broker.ts"

const PARENT_CHECK_MS = 250

let stopping = false
const stopRequested = new Promise<void>((settle) => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => settle())
  if (process.env["npm_lifecycle_event"] === "start") endWithParent(settle)
})
void stopRequested.then(() => (stopping = true))

try {
  process.exitCode = await run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
process.exit()

/** Resolves to the exit code. */
async function run(): Promise<number> {
  const dataDir = process.env["DATA_DIR"] || ".millrace"
  const env = bindings(dataDir)
  const broker = await startBroker({
    dataDir,
    env,
    host: process.env["HOST"] || "127.0.0.1",
    port: portSetting(),
  })
  if (!stopping) announce(broker, env)
  const exit = await Promise.race([broker.exited, stopRequested])
  if (exit !== undefined) {
    console.error(`workerd ended by itself (${exit.signal ?? `code ${exit.code}`})`)
    return 1
  }
  await broker.stop()
  return 0
}

/** Every MILLRACE_* variable; in development, without a token, one that stays the same for the folder. */
function bindings(dataDir: string): Record<string, string> {
  const given = Object.entries(process.env).filter(([name, value]) => name.startsWith("MILLRACE_") && value !== "")
  const env = Object.fromEntries(given) as Record<string, string>
  if (env["MILLRACE_AUTH"] === "off" || env["MILLRACE_TOKEN"] !== undefined) return env
  return { ...env, MILLRACE_TOKEN: developmentToken(dataDir) }
}

/** In one write, so that who reads the URL has read the token too. */
function announce(broker: RunningBroker, env: Readonly<Record<string, string>>): void {
  const lines = [`millrace is ready at ${broker.url}`]
  if (env["MILLRACE_AUTH"] === "off") lines.push("anyone who can reach it may use it (MILLRACE_AUTH=off)")
  else if (!process.env["MILLRACE_TOKEN"]) lines.push(`development token: ${env["MILLRACE_TOKEN"]}`)
  console.log(lines.join("\n"))
}

function portSetting(): number {
  const port = Number(process.env["PORT"] || 8787)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error("PORT must be a number from 0 to 65535")
  return port
}

/** npm, killed with SIGKILL, would leave this process behind. */
function endWithParent(end: () => void): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, PARENT_CHECK_MS).unref()
}
