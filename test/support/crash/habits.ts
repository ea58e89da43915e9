import type { Random } from "../../simulation/random.ts"

/** What a receiver does with a delivery. */
export type Habit =
  | { readonly kind: "ack" | "reject" | "forget" }
  | { readonly kind: "nack"; readonly delayMs: number }
  /** Then it is acknowledged. */
  | { readonly kind: "extend"; readonly durationMs: number }

const POISON = " (poison)"
const HOPELESS = " (hopeless)"
const MAX_RETRY_MS = 300
/** Longer than a restart takes. */
const LONG_RETRY_MS = 5_000
const EXTENDED_MS = 1_500

/** The end of a value that says what its receivers can do with it. */
export function fateOf(random: Random): string {
  const drawn = random.next()
  return drawn < 0.04 ? POISON : drawn < 0.1 ? HOPELESS : ""
}

/** No message of it fails. */
export function fine(): string {
  return ""
}

/** What becomes of a delivery by its value, and by chance. */
export function habitFor(value: string, random: Random, forgetful: number): Habit {
  if (value.endsWith(HOPELESS)) return { kind: "reject" }
  if (value.endsWith(POISON)) return { kind: "nack", delayMs: random.between(0, MAX_RETRY_MS) }
  const drawn = random.next()
  if (drawn < forgetful) return { kind: "forget" }
  // in order, what waits holds up its group, as does what is forgotten
  if (drawn < forgetful * 1.2) return { kind: "nack", delayMs: LONG_RETRY_MS }
  if (drawn < forgetful + 0.04) return { kind: "nack", delayMs: random.between(0, MAX_RETRY_MS) }
  if (drawn < forgetful + 0.07) return { kind: "extend", durationMs: EXTENDED_MS }
  return { kind: "ack" }
}
