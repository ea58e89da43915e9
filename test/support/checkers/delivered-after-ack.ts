import type { History } from "./history.ts"
import { leasesByMessage, type Lease } from "./leases.ts"
import type { Promises, Violation } from "./promises.ts"

/** Nothing is delivered to a receive that was made after an acknowledgement or a reject of it was confirmed [Q2, D8]. */
export function checkDeliveredAfterAck(history: History, promises: Promises): Violation[] {
  return [...leasesByMessage(history, promises).values()].flatMap((leases) => {
    const settled = leases.flatMap((lease) => lease.settles.flatMap((settle) => endOf(lease, settle)))
    if (settled.length === 0) return []
    const first = settled.reduce((one, other) => (other.answeredAt < one.answeredAt ? other : one))
    return leases
      .filter(({ leasedAfter }) => leasedAfter > first.answeredAt)
      .map(({ queue, id, receipt, client, leasedAfter, answeredAt }) => ({
        rule: "delivered after ack",
        detail:
          `${id} in ${queue} came to ${client} (receipt ${receipt}), asked for at ${leasedAfter}; ` +
          `its ${first.kind} by receipt ${first.receipt} was confirmed at ${first.answeredAt}`,
        at: answeredAt,
      }))
  })
}

function endOf(lease: Lease, { kind, result, answeredAt }: Lease["settles"][number]) {
  if ((kind !== "ack" && kind !== "reject") || result !== "ok" || answeredAt === null) return []
  return [{ kind, answeredAt, receipt: lease.receipt }]
}
