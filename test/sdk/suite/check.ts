/** A tiny test harness that runs wherever the client does: no test runner, no module of any runtime. */
import type { Place } from "./place.ts"

/** What one check proves, by its name; it fails by throwing. */
export type Checks = Readonly<Record<string, (place: Place) => Promise<void>>>

/** Far above what a check takes on a loaded machine; one that hangs must not keep the others from running. */
const CHECK_MS = 30_000

/** Runs `checks` one after the other and says one line for each: `ok <name>` or `not ok <name>: <JSON of the error>`. */
export async function runChecks(checks: Checks, place: Place, say: (line: string) => void): Promise<void> {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await within(CHECK_MS, check(place))
      say(`ok ${name}`)
    } catch (error) {
      say(`not ok ${name}: ${JSON.stringify(described(error))}`)
    }
  }
  say("done")
}

/** Throws where the two are not the same, member for member. */
export function equal(actual: unknown, expected: unknown, what = "value"): void {
  const [is, should] = [canonical(actual), canonical(expected)]
  if (is !== should) throw new Error(`${what} is ${is}, expected ${should}`)
}

/** Throws where `condition` does not hold. */
export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`it does not hold that ${what}`)
}

/** The error with which `promise` rejects; throws where it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it resolved, and should have been refused")
}

/** Takes the first `count` of `source` and ends it. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const item of source) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

/** Numbers from 0 to `count` - 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

async function within(limitMs: number, running: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}

/** JSON with the members in order, and bytes as lists, so that what is equal reads the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Uint8Array) return { bytes: [...inner] }
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
  })
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.stack?.includes(error.message) === true ? error.stack : `${String(error)}\n${error.stack ?? ""}`
}
