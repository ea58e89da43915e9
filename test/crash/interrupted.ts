/** For ending the broker and removing its folder. */
const FAREWELL_MS = 10_000

/** Rejects when the process is told to end, which it is ten seconds later at the latest. */
export function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    // npm hands on what a terminal sends to both: the second is no other wish than the first
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        reject(new Error(`stopped by ${signal}`))
        setTimeout(() => process.exit(1), FAREWELL_MS).unref()
      })
    }
  })
}
