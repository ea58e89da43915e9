import { decodeDeliveries } from "../../core/log/delivered.ts"
import type { ReceiveReply, ReceiveRequest, Settlement } from "../../core/queue/commands.ts"
import type { Scope } from "../env.ts"
import { callQueue, SHARD } from "../objects.ts"

/** Whether a receive got nothing. */
export function isEmpty({ deliveries }: ReceiveReply): boolean {
  return decodeDeliveries(deliveries).length === 0
}

/** Gives back what the client of a receive from `queue` was not there to get; what this fails to do, the visibility timeout does. */
export async function handBack(
  scope: Scope,
  queue: string,
  { attemptId }: Pick<ReceiveRequest, "attemptId">,
  { incarnation, deliveries }: ReceiveReply,
): Promise<void> {
  // whoever repeats the receive has the same messages, perhaps already [Q17]
  if (attemptId !== null) return
  const settlements = decodeDeliveries(deliveries).map(({ offset, attempt }): Settlement => {
    const receipt = { incarnation, shard: SHARD, stateId: 0, stateGeneration: 0, offset, attempt }
    return { kind: "undelivered", receipt }
  })
  if (settlements.length === 0) return
  await callQueue(scope, queue, "once", (stub, entry) => stub.settle(entry.version, settlements))
}
