import { asMessage, shareQueue } from "./sharing.ts"
import { listOf, type Json } from "./scene.ts"

/** Where a socket leases from, as its frames say it. */
export interface LeaseSource {
  /** Its name in the history. */
  readonly queue: string
  /** Members of `subscribe` that name it. */
  readonly place: object
  /** Members of a settlement that name it, where no subscription does. */
  readonly settled: object
  /** Whether a message that goes back takes those of its group behind it along. */
  readonly keepsOrder: boolean
  /** What a timeout is called. */
  readonly timeout: "visibilityTimeoutMs" | "lockDurationMs"
  /** What a delivery brought, as messages. */
  readonly messages: (frame: Json) => readonly Json[]
}

export function queueSource(queue: string, keepsOrder = false): LeaseSource {
  return {
    queue,
    place: { queue },
    settled: { queue },
    keepsOrder,
    timeout: "visibilityTimeoutMs",
    messages: (frame) => listOf(frame, "messages"),
  }
}

/** One partition, for a share group. */
export function shareSource(topic: string, partition: number, share: string, keepsOrder: boolean): LeaseSource {
  return {
    queue: shareQueue(topic, partition),
    place: { topic, partition, share },
    settled: { topic, share },
    keepsOrder,
    timeout: "lockDurationMs",
    messages: (frame) => listOf(frame, "records").map(asMessage),
  }
}
