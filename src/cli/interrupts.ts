import { EXIT } from "./exit-codes.ts"
import type { Output } from "./output.ts"

/** What ends a command from outside. */
export interface Interrupts {
  /** Aborted at the first of them, so that the command can give back what it holds. */
  readonly signal: AbortSignal
  /** Aborted a while later: a broker that does not answer can't be told, and the user wants to go on. */
  readonly deadline: AbortSignal
  /** How the process is to exit for it; null where there was none. */
  readonly exitCode: number | null
  readonly stop: () => void
}

const GRACE_MS = 3_000

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const

/** Listens for Ctrl-C, SIGTERM, and a reader of stdout that goes away. A second signal ends the process at once. */
export function listenForInterrupts(output: Output): Interrupts {
  const abort = new AbortController()
  const deadline = new AbortController()
  let exitCode: number | null = null
  const end = (code: number): void => {
    if (exitCode !== null) return
    exitCode = code
    abort.abort()
    // somebody may be waiting for the next line
    process.stdin.destroy()
    setTimeout(() => deadline.abort(), GRACE_MS).unref()
  }
  const onSignal = (signal: keyof typeof CODES): void => {
    if (exitCode !== null) process.exit(exitCode)
    end(CODES[signal])
  }
  const onPipe = (error: NodeJS.ErrnoException): void => {
    output.closed()
    end(error.code === "EPIPE" ? EXIT.outputClosed : EXIT.refused)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.stdout.on("error", onPipe)
  // there is nobody to tell
  process.stderr.on("error", () => {})
  return {
    signal: abort.signal,
    deadline: deadline.signal,
    get exitCode() {
      return exitCode
    },
    stop: () => {
      process.off("SIGINT", onSignal)
      process.off("SIGTERM", onSignal)
    },
  }
}
