import type { Failure } from "../errors.ts"
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
  if (current && current.ordering !== wanted.ordering) {
    return { code: "conflict", detail: `ordering is fixed at creation: ${name} is ${current.ordering}` }
  }
  return checkDeadLetters(name, wanted, settingsOf)
}

function checkDeadLetters(
  name: string,
  wanted: QueueSettings,
  settingsOf: (queue: string) => QueueSettings | null,
): Failure | null {
  const pointer = "/deadLetterQueue"
  let target = wanted.deadLetterQueue
  for (let length = 0; target !== null; length++) {
    if (target === name || length > MAX_CHAIN) {
      return { code: "invalid_field", pointer, detail: `dead letters of ${name} would come back to it` }
    }
    const settings = settingsOf(target)
    if (!settings) return { code: "invalid_field", pointer, detail: `there is no queue ${target}` }
    if (settings.ordering !== wanted.ordering) {
      return {
        code: "invalid_field",
        pointer,
        detail: `${target} is ${settings.ordering}, ${name} is ${wanted.ordering}`,
      }
    }
    target = settings.deadLetterQueue
  }
  return null
}
