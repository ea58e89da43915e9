import { type Client, connect, createAdmin, MillraceError } from "../client/index.ts"
import type { GlobalFlags, Run } from "./command.ts"
import type { Context } from "./context.ts"
import { EXIT } from "./exit-codes.ts"
import { PartialFailure } from "./failures.ts"
import { type Interrupts, listenForInterrupts } from "./interrupts.ts"
import { Output } from "./output.ts"
import { exitCodeOf, reportOf } from "./report.ts"
import { resolveSettings, type Settings } from "./settings.ts"
import { terminalOf } from "./terminal.ts"
import { webSocketOption } from "./web-socket.ts"

/** Runs a command with this process's streams and signals; resolves to the exit code. */
export async function runCommand(run: Run, flags: GlobalFlags): Promise<number> {
  const output = outputOf(flags)
  const interrupts = listenForInterrupts(output)
  const brokers = new Brokers(interrupts)
  const context = contextOf(flags, output, interrupts, brokers)
  try {
    const exitCode = await run(context)
    await brokers.close()
    return exitCode ?? interrupts.exitCode ?? EXIT.ok
  } catch (error) {
    await brokers.close().catch(() => null)
    if (interrupts.exitCode !== null) return interrupts.exitCode
    // what makes it partial was told already
    if (!(error instanceof PartialFailure)) output.error(reportOf(error, resolvedOrNull(context)))
    return exitCodeOf(error)
  } finally {
    interrupts.stop()
  }
}

/** The settings, where they make sense: what went wrong is told with them. */
function resolvedOrNull({ settings }: Context): Settings | null {
  try {
    return settings()
  } catch {
    return null
  }
}

/** The connection of a command, made when it is first asked for. */
class Brokers {
  readonly #interrupts: Interrupts
  #broker: Promise<Client> | null = null

  constructor(interrupts: Interrupts) {
    this.#interrupts = interrupts
  }

  open(settings: Settings): Promise<Client> {
    this.#broker ??= this.#connect(settings)
    return this.#broker
  }

  async close(): Promise<void> {
    const broker = await this.#broker?.catch(() => null)
    await broker?.close()
  }

  async #connect(settings: Settings): Promise<Client> {
    const { signal, deadline } = this.#interrupts
    const given = new AbortController()
    const giveUp = (): void => given.abort()
    // a connection that is there has things to give back: only one that is being made is dropped at once
    signal.addEventListener("abort", giveUp)
    try {
      const ends = AbortSignal.any([given.signal, deadline])
      await knock(settings, ends)
      return await connect({ ...addressOf(settings), ...(await webSocketOption()), signal: ends })
    } finally {
      signal.removeEventListener("abort", giveUp)
    }
  }
}

function contextOf(flags: GlobalFlags, output: Output, { signal, deadline }: Interrupts, brokers: Brokers): Context {
  let resolved: Settings | null = null
  const settings = (): Settings => {
    if (resolved !== null) return resolved
    resolved = resolveSettings(flags, process.env)
    for (const warning of resolved.warnings) output.warn(warning)
    return resolved
  }
  return {
    output,
    signal,
    deadline,
    settings,
    environment: process.env,
    stdin: process.stdin,
    admin: (until = signal) => createAdmin({ ...addressOf(settings()), fetch: abortedBy(until) }),
    broker: () => brokers.open(settings()),
  }
}

/** A broker that serves everyone takes any token, and a socket can't do without one. */
const NO_TOKEN = "none"

function addressOf({ url, token }: Settings): { readonly url: string; readonly token: string } {
  return { url: url.value, token: token?.value ?? NO_TOKEN }
}

/**
 * A client goes on trying to connect, for brokers come back; somebody at a shell wants to know at once that there is
 * none. Rejects with MillraceError `unavailable`.
 */
async function knock({ url }: Settings, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch(`${url.value}/healthz`, { signal })
    await answer.body?.cancel()
  } catch (error) {
    throw new MillraceError("unavailable", "The broker can't be reached.", { cause: error })
  }
}

/** A request ends with the command. */
function abortedBy(signal: AbortSignal): typeof fetch {
  return (input, init = {}) =>
    fetch(input, { ...init, signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal })
}

function outputOf({ json, quiet, color }: GlobalFlags): Output {
  const { stdout, stderr, env } = process
  return new Output({
    stdout,
    stderr,
    json,
    quiet,
    stdoutTerminal: terminalOf(stdout, env, color),
    stderrTerminal: terminalOf(stderr, env, color),
  })
}
