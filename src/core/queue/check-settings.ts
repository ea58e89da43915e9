import type { Failure } from "../errors.ts"
import { MAX_ANNOTATIONS, MAX_ANNOTATIONS_CHARACTERS } from "../limits.ts"
import type { QueueSettings } from "./settings.ts"

/** Dead-letter queues may chain, but not for ever. */
const MAX_CHAIN = 100

/**
 * Why a queue can't have these settings, or null. `settingsOf` answers another queue's settings, null
 * for one that does not exist.
 */
export function checkQueueSettings(
  name: string,
  wanted: QueueSettings,
  current: QueueSettings | null,
  settingsOf: (queue: string) => QueueSettings | null,
): Failure | null {
  return (
    checkFixed(name, wanted, current) ??
    checkTogether(wanted) ??
    checkAnnotations(wanted) ??
    checkDeadLetters(name, wanted, settingsOf)
  )
}

function checkFixed(name: string, wanted: QueueSettings, current: QueueSettings | null): Failure | null {
  for (const field of ["ordering", "fair"] as const) {
    if (current && current[field] !== wanted[field]) {
      return { code: "conflict", detail: `${field} is fixed at creation: of ${name} it is ${current[field]}` }
    }
  }
  return null
}

/** Settings that do not go together. */
function checkTogether(wanted: QueueSettings): Failure | null {
  if (wanted.fair && wanted.ordering === "fifo") return refused("/fair", "a fifo queue is in order, and cannot be fair")
  if (wanted.deadLetterQueue !== null) return null
  if (wanted.onExpiry === "dead-letter") return refused("/onExpiry", "there is no deadLetterQueue to move to")
  if (wanted.overflow === "dead-letter") return refused("/overflow", "there is no deadLetterQueue to move to")
  return null
}

/** As a whole: each by itself is held to its limit where it comes in. */
function checkAnnotations({ annotations }: QueueSettings): Failure | null {
  const names = Object.keys(annotations)
  if (names.length > MAX_ANNOTATIONS) return refused("/annotations", `must have at most ${MAX_ANNOTATIONS} entries`)
  const characters = names.reduce((sum, name) => sum + name.length + annotations[name]!.length, 0)
  if (characters <= MAX_ANNOTATIONS_CHARACTERS) return null
  return refused("/annotations", `must have at most ${MAX_ANNOTATIONS_CHARACTERS} characters in all`)
}

function checkDeadLetters(
  name: string,
  wanted: QueueSettings,
  settingsOf: (queue: string) => QueueSettings | null,
): Failure | null {
  const pointer = "/deadLetterQueue"
  let target = wanted.deadLetterQueue
  for (let length = 0; target !== null; length++) {
    if (target === name || length > MAX_CHAIN) return refused(pointer, `dead letters of ${name} would come back to it`)
    const settings = settingsOf(target)
    if (!settings) return refused(pointer, `there is no queue ${target}`)
    if (settings.ordering !== wanted.ordering) {
      return refused(pointer, `${target} is ${settings.ordering}, ${name} is ${wanted.ordering}`)
    }
    target = settings.deadLetterQueue
  }
  return null
}

function refused(pointer: string, detail: string): Failure {
  return { code: "invalid_field", pointer, detail }
}
