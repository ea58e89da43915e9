import { withBroker } from "./broker.ts"
import type { Address } from "./http.ts"
import { Progress } from "./progress.ts"
import { type Section, summary, wrongChecks } from "./report.ts"

/** For stopping the broker and removing its folder. */
const FAREWELL_MS = 10_000

/** What a demo does with its broker, and what it found. */
export type Play = (address: Address, progress: Progress) => Promise<readonly Section[]>

/**
 * Plays with a broker of its own, prints what was found and ends the process: with 1 where a check is wrong, something
 * fails, or it takes longer than `deadlineMs`. That is to be far above what it takes on a slow machine: a broker that
 * hangs must not hang the demo.
 */
export async function runDemo(deadlineMs: number, play: Play): Promise<never> {
  const progress = new Progress(process.stdout)
  const stop = new AbortController()
  const deadline = setTimeout(() => {
    stop.abort(new Error(`not done after ${deadlineMs / 1000} s, at: ${progress.current ?? "start"}`))
  }, deadlineMs)
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}, at: ${progress.current ?? "start"}`)))
  }
  stop.signal.addEventListener("abort", () => setTimeout(() => process.exit(1), FAREWELL_MS).unref())
  process.exitCode = await exitCodeOf(play, progress, stop.signal)
  clearTimeout(deadline)
  process.exit()
}

async function exitCodeOf(play: Play, progress: Progress, signal: AbortSignal): Promise<number> {
  try {
    progress.say("starting a broker on a free port, with an empty folder")
    const sections = await withBroker(signal, async ({ url, token, exited }) => {
      progress.say(`millrace is ready at ${url}`)
      const ended = exited.then((exit) => Promise.reject(new Error(`the broker ended: ${JSON.stringify(exit)}`)))
      return await Promise.race([play({ url, token, signal }, progress), aborted(signal), ended])
    })
    const wrong = wrongChecks(sections)
    progress.say(`\n${summary(sections)}\n\n${wrong === 0 ? "Every check is right." : `${wrong} checks FAILED.`}`)
    return wrong === 0 ? 0 : 1
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error
    progress.say("")
    console.error(`The demo FAILED: ${reason instanceof Error ? reason.message : String(reason)}`)
    return 1
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true })
  })
}
