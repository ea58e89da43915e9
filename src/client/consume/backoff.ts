const FIRST_MS = 50
const LAST_MS = 5_000

/** How long to rest before another try: longer with every failure, and never all at once. */
export function backoffMs(failures: number, leastMs = 0): number {
  return Math.min(LAST_MS, Math.max(leastMs, FIRST_MS * 2 ** failures)) * (1 - Math.random() / 2)
}
