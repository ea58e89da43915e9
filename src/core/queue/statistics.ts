import type { QueueStatistics } from "./commands.ts"
import type { QueueState } from "./queue-state.ts"

/** Gauges and totals at `now`, from counters. */
export function statisticsOf(state: QueueState, now: number): QueueStatistics {
  const { counters, delivery, log, heldBack, forwarding } = state
  const { window, counts } = delivery
  const { sent, delivered, acknowledged, deduplicated, deadLettered, dropped, expired, removed, redriven } = counters
  const eligibleEnd = Math.max(heldBack.end(now), window.end)
  return {
    ready: counts.available + eligibleEnd - window.end,
    inFlight: counts.inFlight,
    delayed: counts.delayed + log.endOffset - eligibleEnd,
    scheduled: counters.scheduled,
    bytes: state.bytes,
    oldestAt: window.start < log.endOffset ? (log.timesOf(window.start).appendedAt ?? state.appendTime(now)) : null,
    sent,
    deduplicated,
    delivered,
    acknowledged,
    deadLettered,
    dropped,
    expired,
    removed,
    redriven,
    forwarding,
    rates: state.rates.at(counters, now),
  }
}
