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
  /** What a timeout is called. */
  readonly timeout: "visibilityTimeoutMs" | "lockDurationMs"
  /** What a delivery brought, as messages. */
  readonly messages: (frame: Json) => readonly Json[]
}

export function queueSource(queue: string): LeaseSource {
  return {
    queue,
    place: { queue },
    settled: { queue },
    timeout: "visibilityTimeoutMs",
    messages: (frame) => listOf(frame, "messages"),
  }
}

/** One partition, for a share group. */
export function shareSource(topic: string, partition: number, share: string): LeaseSource {
  return {
    queue: shareQueue(topic, partition),
    place: { topic, partition, share },
    settled: { topic, share },
    timeout: "lockDurationMs",
    messages: (frame) => listOf(frame, "records").map(asMessage),
  }
}
