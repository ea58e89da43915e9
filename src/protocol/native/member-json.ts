import type { MemberPartition, MemberView } from "../../core/group/commands.ts"
import { REBALANCE_HEARTBEAT_MS } from "../../core/limits.ts"

/** A member as a client sees it: `lost` is to be read before `assigned`, as it may hold the same partition anew. */
export function memberView(view: MemberView) {
  const { memberId, epoch, sessionTimeoutMs, partitions, lost, isWaiting } = view
  return {
    memberId,
    epoch,
    heartbeatIntervalMs: heartbeatIntervalOf(view),
    sessionTimeoutMs,
    assigned: partitions.filter(({ revokeAt }) => revokeAt === null).map(assignedView),
    revoked: partitions.flatMap(revokedView),
    lost,
    waiting: isWaiting,
  }
}

/** When a member should be heard of again: soon while there is something that it, or somebody else, waits for. */
export function heartbeatIntervalOf({ heartbeatIntervalMs, partitions, isWaiting }: MemberView): number {
  const isMoving = isWaiting || partitions.some(({ revokeAt }) => revokeAt !== null)
  return isMoving ? Math.min(heartbeatIntervalMs, REBALANCE_HEARTBEAT_MS) : heartbeatIntervalMs
}

function assignedView({ topic, partition, epoch, offset }: MemberPartition) {
  return { topic, partition, epoch, offset }
}

function revokedView({ topic, partition, epoch, revokeAt }: MemberPartition) {
  return revokeAt === null ? [] : [{ topic, partition, epoch, deadlineAt: revokeAt }]
}
