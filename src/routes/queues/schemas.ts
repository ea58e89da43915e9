import * as v from "valibot"
import {
  MAX_AHEAD_MS,
  MAX_ATTEMPT_ID_CHARACTERS,
  MAX_BATCH_ENTRIES,
  MAX_DEDUP_ID_BYTES,
  MAX_DELIVER_AT,
  MAX_HEADER_VALUE_BYTES,
  MAX_RECEIVE_WAIT_MS,
  MAX_RETRY_DELAY_MS,
  MAX_VISIBILITY_TIMEOUT_MS,
} from "../../core/limits.ts"
import {
  base64Schema,
  batch,
  bodySchema,
  countSchema,
  groupIdSchema,
  headersSchema,
  instantSchema,
  integer,
  nameSchema,
  outcomeSchema,
  problemSchema,
} from "../schemas.ts"
import { queueSettingsSchema } from "./settings-schemas.ts"

const delay = integer(0, MAX_RETRY_DELAY_MS)
const visibilityTimeout = integer(0, MAX_VISIBILITY_TIMEOUT_MS)

const queueEntries = {
  name: nameSchema,
  settings: queueSettingsSchema,
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
    scheduled: countSchema,
    bytes: countSchema,
    oldestAt: v.nullable(instantSchema),
    sent: countSchema,
    deduplicated: countSchema,
    delivered: countSchema,
    acknowledged: countSchema,
    deadLettered: countSchema,
    dropped: countSchema,
    expired: countSchema,
    removed: countSchema,
    redriven: countSchema,
    forwarding: countSchema,
    rates: v.object({ sent: v.number(), delivered: v.number(), acknowledged: v.number() }),
  }),
})

/** One page of queues. */
export const queueListSchema = v.object({ queues: v.array(queueSchema), cursor: v.nullable(nameSchema) })

/** When it is to be delivered: at most one of the two. */
const delayed = { delayMs: v.optional(integer(0, MAX_AHEAD_MS)) }
const scheduled = { deliverAt: v.pipe(integer(0, MAX_DELIVER_AT), v.description("Milliseconds since the epoch.")) }
const messageMeta = {
  groupId: v.optional(groupIdSchema),
  headers: v.optional(headersSchema),
  ttlMs: v.optional(integer(1, MAX_AHEAD_MS)),
  dedupId: v.optional(v.pipe(v.string(), v.minBytes(1), v.maxBytes(MAX_DEDUP_ID_BYTES))),
}
const messageSchema = v.union([
  v.strictObject({ body: bodySchema, ...messageMeta, ...delayed }),
  v.strictObject({ body: bodySchema, ...messageMeta, ...scheduled }),
  v.strictObject({ bodyBase64: base64Schema, ...messageMeta, ...delayed }),
  v.strictObject({ bodyBase64: base64Schema, ...messageMeta, ...scheduled }),
])

/** What a send takes. Describes what `parseSend` does; a test holds them together. */
export const sendSchema = v.union([messageSchema, v.strictObject({ messages: batch(messageSchema) })])

/** What a send answers. */
export const sentSchema = v.object({
  messages: v.array(v.union([v.object({ id: v.string() }), v.object({ problem: problemSchema })])),
})

const attemptId = `must have 1 to ${MAX_ATTEMPT_ID_CHARACTERS} characters`
const attemptIdSchema = v.pipe(
  v.string(attemptId),
  v.minLength(1, attemptId),
  v.maxLength(MAX_ATTEMPT_ID_CHARACTERS, attemptId),
)

/** What a receive takes. */
export const receiveSchema = v.strictObject({
  maxMessages: v.optional(integer(1, MAX_BATCH_ENTRIES), 1),
  waitMs: v.optional(integer(0, MAX_RECEIVE_WAIT_MS), 0),
  visibilityTimeoutMs: v.optional(visibilityTimeout),
  attemptId: v.optional(attemptIdSchema),
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
  fault: v.optional(v.boolean()),
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
