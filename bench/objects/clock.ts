/** So far ahead that no alarm of the runtime's own fires while the clock stands. */
const AHEAD_MS = 24 * 60 * 60 * 1000

/** Moves a stopped clock on. */
export type Pass = (ms: number) => void

/**
 * Runs `use` with a clock that stands still unless it is moved, for every object of this process: what a scenario
 * costs does not depend on how long it takes.
 */
export async function withStoppedClock<T>(use: (pass: Pass) => Promise<T>): Promise<T> {
  const runtimeNow = Date.now
  let now = runtimeNow() + AHEAD_MS
  Date.now = () => now
  try {
    return await use((ms) => {
      now += ms
    })
  } finally {
    Date.now = runtimeNow
  }
}
