import * as v from "valibot"
import {
  MAX_BATCH_ENTRIES,
  MAX_DELIVERIES,
  MAX_HEADER_VALUE_BYTES,
  MAX_KEY_BYTES,
  MAX_RECEIVE_WAIT_MS,
  MAX_RETRY_DELAY_MS,
  MAX_VISIBILITY_TIMEOUT_MS,
} from "../../core/limits.ts"
import {
  base64Schema,
  batch,
  bodySchema,
  countSchema,
  headersSchema,
  instantSchema,
  integer,
  nameSchema,
  outcomeSchema,
  problemSchema,
} from "../schemas.ts"

const delay = integer(0, MAX_RETRY_DELAY_MS)
const jitter = "must be a number from 0 to 1"

const retryDelaySchema = v.variant(
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

const ordering = v.picklist(["standard", "fifo"], "must be standard or fifo")
const visibilityTimeout = integer(0, MAX_VISIBILITY_TIMEOUT_MS)
const maxDeliveries = v.nullable(integer(1, MAX_DELIVERIES))
const deadLetterQueue = v.nullable(nameSchema)

/** Settings to create with or to change; what is left out stays as it is, or is the default. */
export const queuePatchSchema = v.strictObject({
  ordering: v.exactOptional(ordering),
  visibilityTimeoutMs: v.exactOptional(visibilityTimeout),
  maxDeliveries: v.exactOptional(maxDeliveries),
  deadLetterQueue: v.exactOptional(deadLetterQueue),
  retryDelay: v.exactOptional(retryDelaySchema),
})

const queueEntries = {
  name: nameSchema,
  settings: v.object({
    ordering,
    visibilityTimeoutMs: visibilityTimeout,
    maxDeliveries,
    deadLetterQueue,
    retryDelay: retryDelaySchema,
  }),
  createdAt: instantSchema,
  updatedAt: instantSchema,
}

/** A queue as the catalog knows it. */
export const queueSchema = v.object(queueEntries)

/** A queue with what its object counts. */
export const queueWithStatisticsSchema = v.object({
  ...queueEntries,
  statistics: v.object({
    ready: countSchema,
    inFlight: countSchema,
    delayed: countSchema,
    bytes: countSchema,
    oldestAt: v.nullable(instantSchema),
    sent: countSchema,
    delivered: countSchema,
    acknowledged: countSchema,
    deadLettered: countSchema,
    dropped: countSchema,
    forwarding: countSchema,
  }),
})

/** One page of queues. */
export const queueListSchema = v.object({ queues: v.array(queueSchema), cursor: v.nullable(nameSchema) })

const messageMeta = {
  groupId: v.optional(v.pipe(v.string(), v.minBytes(1), v.maxBytes(MAX_KEY_BYTES))),
  headers: v.optional(headersSchema),
}
const messageSchema = v.union([
  v.strictObject({ body: bodySchema, ...messageMeta }),
  v.strictObject({ bodyBase64: base64Schema, ...messageMeta }),
])

/** What a send takes. Describes what `parseSend` does; a test holds them together. */
export const sendSchema = v.union([messageSchema, v.strictObject({ messages: batch(messageSchema) })])

/** What a send answers. */
export const sentSchema = v.object({
  messages: v.array(v.union([v.object({ id: v.string() }), v.object({ problem: problemSchema })])),
})

/** What a receive takes. */
export const receiveSchema = v.strictObject({
  maxMessages: v.optional(integer(1, MAX_BATCH_ENTRIES), 1),
  waitMs: v.optional(integer(0, MAX_RECEIVE_WAIT_MS), 0),
  visibilityTimeoutMs: v.optional(visibilityTimeout),
})

const delivered = {
  id: v.string(),
  receipt: v.string(),
  deliveryCount: countSchema,
  sentAt: instantSchema,
}
const deliveredMeta = { groupId: v.optional(v.string()), headers: v.optional(v.record(v.string(), v.string())) }

/** What a receive answers; a damaged message has a problem where its body would be. */
export const receivedSchema = v.object({
  messages: v.array(
    v.union([
      v.object({ ...delivered, body: bodySchema, ...deliveredMeta }),
      v.object({ ...delivered, bodyBase64: base64Schema, ...deliveredMeta }),
      v.object({ ...delivered, problem: problemSchema }),
    ]),
  ),
})

const receipts = batch(v.string())
const nackOptions = {
  delayMs: v.optional(delay),
  reject: v.optional(v.boolean()),
  error: v.optional(v.nullable(v.pipe(v.string(), v.maxBytes(MAX_HEADER_VALUE_BYTES)))),
}
const extendOptions = { visibilityTimeoutMs: visibilityTimeout }

/** What an ack takes. Like the two that follow it describes what `parseSettlements` does. */
export const ackSchema = v.union([
  v.strictObject({ receipts }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string() })) }),
])

/** What a nack takes. */
export const nackSchema = v.union([
  v.strictObject({ receipts, ...nackOptions }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string(), ...nackOptions })) }),
])

/** What an extend takes. */
export const extendSchema = v.union([
  v.strictObject({ receipts, ...extendOptions }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string(), ...extendOptions })) }),
])

/** What ack, nack and extend answer. */
export const settledSchema = v.object({ results: v.array(outcomeSchema) })
