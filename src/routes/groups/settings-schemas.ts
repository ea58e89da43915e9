import * as v from "valibot"
import {
  MAX_AHEAD_MS,
  MAX_DELIVERIES,
  MAX_HEARTBEAT_INTERVAL_MS,
  MAX_LOCK_DURATION_MS,
  MAX_REBALANCE_TIMEOUT_MS,
  MAX_RETENTION_MS,
  MAX_SESSION_TIMEOUT_MS,
  MAX_SHARE_LOCKS,
  MIN_HEARTBEAT_INTERVAL_MS,
  MIN_RETENTION_MS,
  MIN_SESSION_TIMEOUT_MS,
} from "../../core/limits.ts"
import { retryDelaySchema } from "../queues/settings-schemas.ts"
import { integer, nameSchema } from "../schemas.ts"

const reset = "must be earliest, latest, none or have a durationMs"
const target = "must have a queue or a topic"

const settings = {
  type: v.picklist(["consumer", "share"], "must be consumer or share"),
  assignor: v.picklist(["uniform", "range"], "must be uniform or range"),
  sessionTimeoutMs: integer(MIN_SESSION_TIMEOUT_MS, MAX_SESSION_TIMEOUT_MS),
  heartbeatIntervalMs: integer(MIN_HEARTBEAT_INTERVAL_MS, MAX_HEARTBEAT_INTERVAL_MS),
  rebalanceTimeoutMs: integer(0, MAX_REBALANCE_TIMEOUT_MS),
  autoOffsetReset: v.union(
    [v.picklist(["earliest", "latest", "none"]), v.strictObject({ durationMs: integer(0, MAX_AHEAD_MS) })],
    reset,
  ),
  offsetRetentionMs: v.nullable(integer(MIN_RETENTION_MS, MAX_RETENTION_MS)),
  lockDurationMs: integer(1, MAX_LOCK_DURATION_MS),
  maxDeliveries: v.nullable(integer(1, MAX_DELIVERIES)),
  maxLocks: integer(1, MAX_SHARE_LOCKS),
  ordering: v.picklist(["none", "key"], "must be none or key"),
  retryDelay: retryDelaySchema,
  deadLetter: v.nullable(
    v.union([v.strictObject({ queue: nameSchema }), v.strictObject({ topic: nameSchema })], target),
  ),
}

/** All settings of a group. */
export const groupSettingsSchema = v.object(settings)

/** Settings to create with or to change; what is left out stays as it is, or is the default. */
export const groupPatchSchema = v.strictObject({
  type: v.exactOptional(settings.type),
  assignor: v.exactOptional(settings.assignor),
  sessionTimeoutMs: v.exactOptional(settings.sessionTimeoutMs),
  heartbeatIntervalMs: v.exactOptional(settings.heartbeatIntervalMs),
  rebalanceTimeoutMs: v.exactOptional(settings.rebalanceTimeoutMs),
  autoOffsetReset: v.exactOptional(settings.autoOffsetReset),
  offsetRetentionMs: v.exactOptional(settings.offsetRetentionMs),
  lockDurationMs: v.exactOptional(settings.lockDurationMs),
  maxDeliveries: v.exactOptional(settings.maxDeliveries),
  maxLocks: v.exactOptional(settings.maxLocks),
  ordering: v.exactOptional(settings.ordering),
  retryDelay: v.exactOptional(settings.retryDelay),
  deadLetter: v.exactOptional(settings.deadLetter),
})
