import { reclaim } from "../delivery/reclaim.ts"
import { acknowledge, extend, reject, release } from "../delivery/settle.ts"
import type { DeliveryState } from "../delivery/state.ts"
import type { Departure, SettleOutcome } from "../delivery/types.ts"
import type { Failure } from "../errors.ts"
import type { Settlement } from "./commands.ts"
import { retryDelayMs } from "./retry-delay.ts"
import { attemptsLimit, type QueueSettings } from "./settings.ts"

/** What a settlement works on. */
interface SettlementContext {
  readonly identity: { readonly incarnation: number; readonly shard: number }
  readonly delivery: DeliveryState
  readonly settings: QueueSettings
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
export function settle(queue: SettlementContext, settlement: Settlement, random: () => number, now: number): Settled {
  const { receipt } = settlement
  const { identity, delivery } = queue
  const isForeign =
    receipt.incarnation !== identity.incarnation ||
    receipt.shard !== identity.shard ||
    receipt.stateId !== QUEUE_STATE_ID ||
    receipt.stateGeneration !== 0
  if (isForeign) return refused({ code: "invalid_receipt" })
  const { offset, attempt } = receipt
  if (mayReclaim(queue, settlement)) reclaim(delivery, offset, attempt, now, now)
  switch (settlement.kind) {
    case "ack": {
      const doneBefore = delivery.window.finished.length
      const outcome = acknowledge(delivery, offset, attempt, now)
      return { ...plain(outcome), acknowledged: delivery.window.finished.length > doneBefore }
    }
    case "nack": {
      const { fault, error } = settlement
      const delayMs = settlement.delayMs ?? nackDelayMs(queue, offset, random)
      const { maxDeliveries } = queue.settings
      const options = { delayMs, fault, maxDeliveries, maxAttempts: attemptsLimit(queue.settings), error }
      const released = release(delivery, offset, attempt, options, now)
      return { ...plain(released.outcome), departure: released.departure }
    }
    case "undelivered": {
      const options = { delayMs: 0, fault: false, maxDeliveries: null, maxAttempts: null, error: null }
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

/** Whether a lease that has ended may count. An extension keeps its message, so it must not be one too many. */
function mayReclaim({ delivery, settings }: SettlementContext, settlement: Settlement): boolean {
  const isAllowed = "mayBeLate" in settlement && settlement.mayBeLate
  return isAllowed && (settlement.kind !== "extend" || delivery.counts.inFlight < settings.maxInFlight)
}

function nackDelayMs({ settings, delivery }: SettlementContext, offset: number, random: () => number): number {
  return retryDelayMs(settings.retryDelay, delivery.deliveryCountOf(offset), random())
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
