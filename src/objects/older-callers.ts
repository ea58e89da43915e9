import type { ReceiveRequest, Settlement } from "../core/queue/commands.ts"
import type { QueueSubscription } from "./queue-subscriptions.ts"

/** A receive as a Worker of the version before makes it, with what it leaves out: Workers and objects change apart. */
export function completeReceive(request: ReceiveRequest): ReceiveRequest {
  return Object.assign({ attemptId: null }, request)
}

/** A settlement with what an older Worker leaves out. */
export function completeSettlement(settlement: Settlement): Settlement {
  return settlement.kind === "nack" ? Object.assign({ fault: true }, settlement) : settlement
}

/** A subscription with what an older Worker, or an older object in a socket's attachment, leaves out. */
export function completeSubscription<T extends Partial<QueueSubscription>>(subscription: T): T {
  return Object.assign({ attemptId: null, joinedAt: 0 }, subscription)
}
