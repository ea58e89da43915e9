import type { MillraceError } from "../errors.ts"
import { isPassing } from "../refusals.ts"
import { type SubscribedConnection, Subscription } from "./subscription.ts"

/** Where a partition ends: there a reader begins that wants the latest. */
export function endOf(connection: SubscribedConnection, topic: string, partition: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const subscription = new Subscription(
      connection,
      {
        target: () => ({ topic, partition, from: "latest" }),
        begun: (frame) => {
          resolve(frame["nextOffset"] as number)
          void subscription.end()
        },
        delivered: () => ({ count: 0, bytes: 0 }),
        ended: (error: MillraceError) => isPassing(error),
        failed: reject,
      },
      { prefetch: 0 },
    )
    subscription.open()
  })
}
