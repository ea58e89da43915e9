/** Far longer than anything takes that a broker is to do. */
const PATIENCE_MS = 120_000

/** What `done` comes to; rejects where that does not happen at all, which is no promise kept either. */
export async function within<T>(what: string, done: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} does not come to an end`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}
