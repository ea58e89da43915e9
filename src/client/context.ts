import type { Address } from "./address.ts"
import type { Connection } from "./connection.ts"
import type { QueueLanes } from "./queue-lanes.ts"
import type { Tracing } from "./tracing.ts"

/** What everything that a client opened shares. */
export interface Context {
  readonly connection: Connection
  /** For what is asked over HTTP. */
  readonly address: Address
  readonly queues: QueueLanes
  readonly tracing: Tracing | undefined
}
