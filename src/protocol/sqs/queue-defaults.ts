import type { QueueSettings } from "../../core/queue/settings.ts"
import { annotatedNumber } from "./annotations.ts"
import { MAX_DELAY_SECONDS, MAX_MESSAGE_SIZE_BYTES, MAX_WAIT_SECONDS, MIN_MESSAGE_SIZE_BYTES } from "./limits.ts"

/** What holds for messages and receives that say nothing themselves: in annotations, for the broker knows none of it. */

/**
 * `DelaySeconds` that the door gives to a message without its own; null where the broker delays by itself. Of a
 * standard queue it must not be the broker's: there a message's own time may be earlier than its queue's.
 */
export function messageDelaySeconds(settings: QueueSettings): number | null {
  if (settings.ordering === "fifo") return null
  const seconds = annotatedNumber(settings, "DelaySeconds")
  return seconds !== null && seconds <= MAX_DELAY_SECONDS ? seconds : null
}

/** `ReceiveMessageWaitTimeSeconds`. */
export function receiveWaitSeconds(settings: QueueSettings): number {
  const seconds = annotatedNumber(settings, "ReceiveMessageWaitTimeSeconds")
  return seconds !== null && seconds <= MAX_WAIT_SECONDS ? seconds : 0
}

/** `MaximumMessageSize`. */
export function maximumMessageSizeBytes(settings: QueueSettings): number {
  const bytes = annotatedNumber(settings, "MaximumMessageSize")
  const isInRange = bytes !== null && bytes >= MIN_MESSAGE_SIZE_BYTES && bytes <= MAX_MESSAGE_SIZE_BYTES
  return isInRange ? bytes : MAX_MESSAGE_SIZE_BYTES
}
