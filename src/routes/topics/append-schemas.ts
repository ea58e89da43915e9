import * as v from "valibot"
import { MAX_KEY_BYTES, MAX_PARTITIONS, MAX_TIMESTAMP } from "../../core/limits.ts"
import {
  base64Schema,
  batch,
  bodySchema,
  countSchema,
  headersSchema,
  integer,
  nameSchema,
  problemSchema,
} from "../schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const count = integer(0, Number.MAX_SAFE_INTEGER)
const key = v.pipe(v.string(), v.maxBytes(MAX_KEY_BYTES))

const recordMeta = {
  headers: v.optional(headersSchema),
  partition: v.optional(partition),
  timestamp: v.optional(
    v.pipe(integer(0, MAX_TIMESTAMP), v.description("The producer's own time, in milliseconds since the epoch.")),
  ),
}
const optionalKey = { key: v.optional(v.nullable(key)) }
const textOrJson = { body: bodySchema, ...optionalKey, ...recordMeta }
const bytes = { bodyBase64: base64Schema, ...optionalKey, ...recordMeta }
const tombstone = { tombstone: v.literal(true), key, ...recordMeta }

/** One record of a batch. */
export const recordSchema = v.union([v.strictObject(textOrJson), v.strictObject(bytes), v.strictObject(tombstone)])

/** Who appends, so that a repeat is recognised. */
export const producerBatchSchema = v.pipe(
  v.strictObject({ id: count, epoch: count, sequence: count }),
  v.description("Who appends; `sequence` is that of the first record, counted per partition from 0."),
)

const terms = {
  producer: v.optional(producerBatchSchema),
  expectedOffset: v.optional(v.pipe(count, v.description("The offset that the first record must get."))),
}

/** What an append takes. Describes what `parseAppend` does; a test holds them together. */
export const appendSchema = v.union([
  v.strictObject({ ...textOrJson, ...terms }),
  v.strictObject({ ...bytes, ...terms }),
  v.strictObject({ ...tombstone, ...terms }),
  v.strictObject({ records: batch(recordSchema), ...terms }),
])

/** When an append is answered. */
export const appendQuerySchema = v.strictObject({
  acks: v.optional(v.picklist(["all", "none"], "must be all or none"), "all"),
})

/** Where a record that was appended is. */
export const appendedRecordSchema = v.object({
  partition,
  offset: v.pipe(v.nullable(countSchema), v.description("Null where a repeat's is not remembered any more.")),
  repeated: v.optional(v.literal(true)),
})

/** What an append answers. */
export const appendedSchema = v.object({
  records: v.array(v.union([appendedRecordSchema, v.object({ problem: problemSchema })])),
})

/** What opening a producer takes. */
export const openProducerSchema = v.strictObject({ name: v.exactOptional(nameSchema) })

/** What opening a producer answers. */
export const producerSchema = v.object({ producerId: countSchema, epoch: countSchema })
