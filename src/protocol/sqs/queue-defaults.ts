import type { QueueSettings } from "../../core/queue/settings.ts"
import { annotatedNumber } from "./annotations.ts"
import { MAX_DELAY_SECONDS, MAX_MESSAGE_SIZE_BYTES, MAX_WAIT_SECONDS, MIN_MESSAGE_SIZE_BYTES } from "./limits.ts"

/** What holds for messages and receives that say nothing themselves: in annotations, for the broker knows none of it. */
export interface QueueDefaults {
  /**
   * `DelaySeconds` that the door gives to a message without its own; null where the broker delays by itself. Of a
   * standard queue it must not be the broker's: there a message's own time may be earlier than its queue's.
   */
  readonly messageDelaySeconds: number | null
  /** `ReceiveMessageWaitTimeSeconds`. */
  readonly receiveWaitSeconds: number
  /** `MaximumMessageSize`. */
  readonly maximumMessageSizeBytes: number
}

/** Of settings, which are replaced as a whole when they change: every message asks for them. */
const known = new WeakMap<QueueSettings, QueueDefaults>()

/** The defaults of a queue with these settings. */
export function queueDefaults(settings: QueueSettings): QueueDefaults {
  const cached = known.get(settings)
  if (cached !== undefined) return cached
  const delay = settings.ordering === "fifo" ? null : annotatedNumber(settings, "DelaySeconds")
  const wait = annotatedNumber(settings, "ReceiveMessageWaitTimeSeconds")
  const size = annotatedNumber(settings, "MaximumMessageSize")
  const isSize = size !== null && size >= MIN_MESSAGE_SIZE_BYTES && size <= MAX_MESSAGE_SIZE_BYTES
  const defaults = {
    messageDelaySeconds: delay !== null && delay <= MAX_DELAY_SECONDS ? delay : null,
    receiveWaitSeconds: wait !== null && wait <= MAX_WAIT_SECONDS ? wait : 0,
    maximumMessageSizeBytes: isSize ? size : MAX_MESSAGE_SIZE_BYTES,
  }
  known.set(settings, defaults)
  return defaults
}
