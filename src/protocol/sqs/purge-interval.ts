import type { QueuePatch, QueueSettings } from "../../core/queue/settings.ts"
import { ok } from "../../core/result.ts"
import { PURGED_AT } from "./annotations.ts"
import { refuse, type SqsResult } from "./errors.ts"
import { PURGE_INTERVAL_SECONDS } from "./limits.ts"

/**
 * Notes that a queue is purged at `now`, or says why it must not be yet. `id` is this purge's own: null where it is
 * noted already, and the answer to that was lost.
 */
export function notePurge(
  { name, settings }: { readonly name: string; readonly settings: QueueSettings },
  now: number,
  id: string,
): SqsResult<QueuePatch | null> {
  const note = `${now} ${id}`
  const noted = settings.annotations[PURGED_AT]
  if (noted === note) return ok(null)
  const purgedAt = noted === undefined ? Number.NaN : Number.parseInt(noted, 10)
  // an instant that lies ahead was noted by a machine whose clock is before this one's
  if (Math.abs(now - purgedAt) >= PURGE_INTERVAL_SECONDS * 1000 || Number.isNaN(purgedAt)) {
    return ok({ annotations: { [PURGED_AT]: note } })
  }
  return refuse(
    "PurgeQueueInProgress",
    `Only one PurgeQueue operation on ${name} is allowed every ${PURGE_INTERVAL_SECONDS} seconds.`,
  )
}
