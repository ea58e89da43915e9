import * as v from "valibot"
import {
  MAX_BATCH_ENTRIES,
  MAX_HEADER_VALUE_BYTES,
  MAX_LOCK_DURATION_MS,
  MAX_PARTITIONS,
  MAX_RECEIVE_WAIT_MS,
  MAX_RETRY_DELAY_MS,
} from "../../core/limits.ts"
import { batch, countSchema, instantSchema, integer, problemSchema } from "../schemas.ts"
import { recordContents } from "../topics/read-schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const lockDuration = integer(1, MAX_LOCK_DURATION_MS)

/** What a receive for a share group takes. */
export const shareReceiveSchema = v.strictObject({
  maxMessages: v.optional(integer(1, MAX_BATCH_ENTRIES), 1),
  waitMs: v.optional(integer(0, MAX_RECEIVE_WAIT_MS), 0),
  lockDurationMs: v.exactOptional(lockDuration),
  partitions: v.exactOptional(
    v.pipe(
      v.array(partition),
      v.minLength(1),
      v.maxLength(MAX_PARTITIONS),
      v.check((all) => new Set(all).size === all.length, "must name each once"),
      v.description("All of them unless told otherwise."),
    ),
  ),
})

const received = { partition, receipt: v.string(), deliveryCount: countSchema }

/** What a receive answers; a damaged record has a problem in its place. A range's receipt is of all its records. */
export const shareReceivedSchema = v.object({
  records: v.array(
    v.union([
      ...recordContents.map((members) => v.object({ ...received, ...members })),
      v.object({ ...received, offset: countSchema, timestamp: instantSchema, problem: problemSchema }),
    ]),
  ),
  ranges: v.array(v.object({ partition, firstOffset: countSchema, lastOffset: countSchema, receipt: v.string() })),
})

const receipts = batch(v.string())
const nackOptions = {
  delayMs: v.optional(integer(0, MAX_RETRY_DELAY_MS)),
  fault: v.optional(v.boolean()),
  reject: v.optional(v.boolean()),
  error: v.optional(v.nullable(v.pipe(v.string(), v.maxBytes(MAX_HEADER_VALUE_BYTES)))),
}
const extendOptions = { lockDurationMs: integer(0, MAX_LOCK_DURATION_MS) }

/** What an ack takes. Like the two that follow it describes what `parseShareSettlements` does. */
export const shareAckSchema = v.union([
  v.strictObject({ receipts }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string() })) }),
])

/** What a nack takes. */
export const shareNackSchema = v.union([
  v.strictObject({ receipts, ...nackOptions }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string(), ...nackOptions })) }),
])

/** What an extend takes. */
export const shareExtendSchema = v.union([
  v.strictObject({ receipts, ...extendOptions }),
  v.strictObject({ entries: batch(v.strictObject({ receipt: v.string(), ...extendOptions })) }),
])

/** What ack, nack and extend answer. */
export const shareSettledSchema = v.object({
  results: v.array(
    v.union([
      v.object({ ok: v.literal(true) }),
      v.object({
        settled: v.pipe(countSchema, v.description("Of a range: as many were held under the receipt.")),
        expired: countSchema,
      }),
      v.object({ problem: problemSchema }),
    ]),
  ),
})

/** Where a share group stands in each partition that it has begun in. */
export const shareStatisticsSchema = v.object({
  partitions: v.array(
    v.object({
      partition,
      startOffset: v.pipe(countSchema, v.description("The first that is not done.")),
      endOffset: countSchema,
      available: countSchema,
      delayed: countSchema,
      locked: countSchema,
      delivered: countSchema,
      accepted: countSchema,
      deadLettered: countSchema,
      dropped: countSchema,
      missing: v.pipe(countSchema, v.description("Had no record any more when their turn came.")),
      forwarding: v.pipe(
        countSchema,
        v.description("Dead letters that wait for their target, those of the partition's other groups included."),
      ),
    }),
  ),
})
