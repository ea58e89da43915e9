import { Random } from "../simulation/random.ts"

/** One kill: what the broker is about when it comes. Times in milliseconds. */
export type Kill =
  /** After so many operations under load. */
  | { readonly kind: "at work"; readonly operations: number }
  /** After so many, and so long after a change of the catalog began. */
  | { readonly kind: "changing the catalog"; readonly operations: number; readonly afterMs: number }
  /** So long after it was started, ready or not. */
  | { readonly kind: "starting"; readonly afterMs: number }
  /** So long after it was ready again. */
  | { readonly kind: "recovering"; readonly afterMs: number }

/** A second or two, where the machine has nothing else to do. */
const LEAST_OPERATIONS = 1_500
const MOST_OPERATIONS = 5_000
/** A change of the catalog takes some tens of milliseconds. */
const LONGEST_CHANGE_MS = 60
/** Starting takes about a second. */
const LONGEST_START_MS = 1_200
const LONGEST_RECOVERY_MS = 300

/** The same kills for the same seed; the first finds the broker at work. */
export function planKills(count: number, seed: number): Kill[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, nth) => {
    const drawn = nth === 0 ? 0 : random.next()
    const operations = random.between(LEAST_OPERATIONS, MOST_OPERATIONS)
    if (drawn < 0.5) return { kind: "at work", operations }
    if (drawn < 0.7) return { kind: "changing the catalog", operations, afterMs: random.between(0, LONGEST_CHANGE_MS) }
    if (drawn < 0.85) return { kind: "starting", afterMs: random.between(0, LONGEST_START_MS) }
    return { kind: "recovering", afterMs: random.between(0, LONGEST_RECOVERY_MS) }
  })
}
