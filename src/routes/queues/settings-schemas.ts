import * as v from "valibot"
import {
  MAX_ANNOTATION_NAME_CHARACTERS,
  MAX_ANNOTATIONS_CHARACTERS,
  MAX_ATTEMPTS,
  MAX_DEDUP_WINDOW_MS,
  MAX_DELIVERIES,
  MAX_IN_FLIGHT,
  MAX_PATCHED_ANNOTATIONS,
  MAX_QUEUE_DELAY_MS,
  MAX_QUEUE_MESSAGES,
  MAX_RETENTION_MS,
  MAX_RETRY_DELAY_MS,
  MAX_STORED_BYTES,
  MAX_VISIBILITY_TIMEOUT_MS,
  MIN_RETENTION_MS,
} from "../../core/limits.ts"
import { integer, nameSchema } from "../schemas.ts"

const delay = integer(0, MAX_RETRY_DELAY_MS)
const jitter = "must be a number from 0 to 1"

/** Wait before something that was handed back is delivered again. */
export const retryDelaySchema = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("constant"), delayMs: delay }),
    v.strictObject({ kind: v.literal("linear"), stepMs: delay, maxMs: delay }),
    v.strictObject({
      kind: v.literal("exponential"),
      baseMs: delay,
      maxMs: delay,
      jitter: v.pipe(v.number(jitter), v.minValue(0, jitter), v.maxValue(1, jitter)),
    }),
  ],
  "must have a kind: constant, linear or exponential",
)

const flag = v.boolean("must be true or false")

const annotation = v.pipe(
  v.string("must be a string"),
  v.maxLength(MAX_ANNOTATIONS_CHARACTERS, `must have at most ${MAX_ANNOTATIONS_CHARACTERS} characters`),
)
const annotationName = v.pipe(
  v.string(),
  v.minLength(1, "a name must not be empty"),
  v.maxLength(MAX_ANNOTATION_NAME_CHARACTERS, `a name must have at most ${MAX_ANNOTATION_NAME_CHARACTERS} characters`),
)

const settings = {
  ordering: v.picklist(["standard", "fifo"], "must be standard or fifo"),
  fair: flag,
  singleActiveConsumer: flag,
  visibilityTimeoutMs: integer(0, MAX_VISIBILITY_TIMEOUT_MS),
  retentionMs: integer(MIN_RETENTION_MS, MAX_RETENTION_MS),
  delayMs: integer(0, MAX_QUEUE_DELAY_MS),
  maxDeliveries: v.nullable(integer(1, MAX_DELIVERIES)),
  maxAttempts: v.nullable(integer(1, MAX_ATTEMPTS)),
  deadLetterQueue: v.nullable(nameSchema),
  retryDelay: retryDelaySchema,
  onExpiry: v.picklist(["drop", "dead-letter"], "must be drop or dead-letter"),
  contentDeduplication: flag,
  dedupScope: v.picklist(["queue", "group"], "must be queue or group"),
  dedupWindowMs: integer(0, MAX_DEDUP_WINDOW_MS),
  maxMessages: v.nullable(integer(1, MAX_QUEUE_MESSAGES)),
  maxBytes: v.nullable(integer(1, MAX_STORED_BYTES)),
  maxInFlight: integer(1, MAX_IN_FLIGHT),
  overflow: v.picklist(["reject", "drop-oldest", "dead-letter"], "must be reject, drop-oldest or dead-letter"),
  sendingPaused: flag,
  deliveryPaused: flag,
  annotations: v.record(annotationName, annotation),
}

/** All settings of a queue. */
export const queueSettingsSchema = v.object(settings)

/** Settings to create with or to change; what is left out stays as it is, or is the default. */
export const queuePatchSchema = v.strictObject({
  ordering: v.exactOptional(settings.ordering),
  fair: v.exactOptional(settings.fair),
  singleActiveConsumer: v.exactOptional(settings.singleActiveConsumer),
  visibilityTimeoutMs: v.exactOptional(settings.visibilityTimeoutMs),
  retentionMs: v.exactOptional(settings.retentionMs),
  delayMs: v.exactOptional(settings.delayMs),
  maxDeliveries: v.exactOptional(settings.maxDeliveries),
  maxAttempts: v.exactOptional(settings.maxAttempts),
  deadLetterQueue: v.exactOptional(settings.deadLetterQueue),
  retryDelay: v.exactOptional(settings.retryDelay),
  onExpiry: v.exactOptional(settings.onExpiry),
  contentDeduplication: v.exactOptional(settings.contentDeduplication),
  dedupScope: v.exactOptional(settings.dedupScope),
  dedupWindowMs: v.exactOptional(settings.dedupWindowMs),
  maxMessages: v.exactOptional(settings.maxMessages),
  maxBytes: v.exactOptional(settings.maxBytes),
  maxInFlight: v.exactOptional(settings.maxInFlight),
  overflow: v.exactOptional(settings.overflow),
  sendingPaused: v.exactOptional(settings.sendingPaused),
  deliveryPaused: v.exactOptional(settings.deliveryPaused),
  annotations: v.exactOptional(
    v.pipe(
      v.record(annotationName, v.nullable(annotation)),
      v.maxEntries(MAX_PATCHED_ANNOTATIONS, `must have at most ${MAX_PATCHED_ANNOTATIONS} entries`),
      v.description("Merged by name with those that are there; null takes one away."),
    ),
  ),
})
