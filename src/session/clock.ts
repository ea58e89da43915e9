/** What a session knows of time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `action` once, in `ms` milliseconds; returns what calls it off. */
  after(ms: number, action: () => void): () => void
}

/** The platform's. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}
