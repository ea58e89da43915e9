import { acknowledge, extend, reject, release } from "../delivery/settle.ts"
import type { DeliveryState } from "../delivery/state.ts"
import type { Departure, SettleOutcome } from "../delivery/types.ts"
import type { Failure } from "../errors.ts"
import type { Settlement } from "./commands.ts"
import { retryDelayMs } from "./retry-delay.ts"
import type { QueueSettings } from "./settings.ts"

/** What a settlement works on. */
export interface SettlementContext {
  readonly identity: { readonly incarnation: number; readonly shard: number }
  readonly delivery: DeliveryState
  readonly settings: QueueSettings
  readonly random: () => number
}

/** What settling one receipt came to. */
export interface Settled {
  readonly failure: Failure | null
  readonly departure: Departure | null
  /** Whether a message became done by it: a repeated acknowledgement counts once. */
  readonly acknowledged: boolean
}

/** The queue's own delivery state; share groups get the ids behind it. */
const QUEUE_STATE_ID = 0

/** Applies one settlement to the delivery state. */
export function settle(queue: SettlementContext, settlement: Settlement, now: number): Settled {
  const { receipt } = settlement
  const { identity, delivery } = queue
  const isForeign =
    receipt.incarnation !== identity.incarnation ||
    receipt.shard !== identity.shard ||
    receipt.stateId !== QUEUE_STATE_ID ||
    receipt.stateGeneration !== 0
  if (isForeign) return refused({ code: "invalid_receipt" })
  const { offset, attempt } = receipt
  switch (settlement.kind) {
    case "ack": {
      const doneBefore = delivery.window.finished.length
      const outcome = acknowledge(delivery, offset, attempt, now)
      return { ...plain(outcome), acknowledged: delivery.window.finished.length > doneBefore }
    }
    case "nack": {
      const delayMs = settlement.delayMs ?? nackDelayMs(queue, offset)
      const options = { delayMs, fault: true, maxDeliveries: queue.settings.maxDeliveries, error: settlement.error }
      const released = release(delivery, offset, attempt, options, now)
      return { ...plain(released.outcome), departure: released.departure }
    }
    case "undelivered": {
      const options = { delayMs: 0, fault: false, maxDeliveries: null, error: null }
      return plain(release(delivery, offset, attempt, options, now).outcome)
    }
    case "reject": {
      const released = reject(delivery, offset, attempt, settlement.error, now)
      return { ...plain(released.outcome), departure: released.departure }
    }
    case "extend":
      return plain(extend(delivery, offset, attempt, now + settlement.visibilityTimeoutMs, now))
  }
}

function nackDelayMs(queue: SettlementContext, offset: number): number {
  return retryDelayMs(queue.settings.retryDelay, queue.delivery.deliveryCountOf(offset), queue.random())
}

function plain(outcome: SettleOutcome): Settled {
  switch (outcome) {
    case "settled":
      return { failure: null, departure: null, acknowledged: false }
    case "receipt_expired":
    case "invalid_receipt":
      return refused({ code: outcome })
  }
}

function refused(failure: Failure): Settled {
  return { failure, departure: null, acknowledged: false }
}
