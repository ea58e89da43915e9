import * as v from "valibot"
import { MAX_BATCH_ENTRIES, MAX_KEY_BYTES, MAX_PARTITIONS, MAX_READ_BYTES } from "../../core/limits.ts"
import {
  base64Schema,
  batch,
  bodySchema,
  countSchema,
  headersSchema,
  instantSchema,
  integer,
  nameSchema,
  problemSchema,
  queryInteger,
} from "../schemas.ts"

const partitions = integer(1, MAX_PARTITIONS)
const partition = integer(0, MAX_PARTITIONS - 1)

/** Settings to create with or to change; what is left out stays as it is, or is the default. */
export const topicPatchSchema = v.strictObject({ partitions: v.exactOptional(partitions) })

const topicEntries = {
  name: nameSchema,
  settings: v.object({ partitions }),
  createdAt: instantSchema,
  updatedAt: instantSchema,
}
const offsets = { startOffset: countSchema, endOffset: countSchema, bytes: countSchema }

/** A topic as the catalog knows it. */
export const topicSchema = v.object(topicEntries)

/** A topic with what its partitions hold. */
export const topicWithPartitionsSchema = v.object({
  ...topicEntries,
  partitions: v.array(v.object({ partition, ...offsets })),
})

/** One page of topics. */
export const topicListSchema = v.object({ topics: v.array(topicSchema), cursor: v.nullable(nameSchema) })

const recordMeta = {
  key: v.optional(v.nullable(v.pipe(v.string(), v.maxBytes(MAX_KEY_BYTES)))),
  headers: v.optional(headersSchema),
  partition: v.optional(partition),
}
const recordSchema = v.union([
  v.strictObject({ body: bodySchema, ...recordMeta }),
  v.strictObject({ bodyBase64: base64Schema, ...recordMeta }),
])

/** What an append takes. Describes what `parseAppend` does; a test holds them together. */
export const appendSchema = v.union([recordSchema, v.strictObject({ records: batch(recordSchema) })])

/** What an append answers. */
export const appendedSchema = v.object({
  records: v.array(v.union([v.object({ partition, offset: countSchema }), v.object({ problem: problemSchema })])),
})

const POSITION = "must be earliest, latest or an offset"

/** Where to read, and how much. */
export const readQuerySchema = v.strictObject({
  from: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(earliest|latest|\d{1,16})$/, POSITION),
      v.check((from) => !(Number(from) > Number.MAX_SAFE_INTEGER), POSITION),
    ),
    "earliest",
  ),
  maxRecords: v.optional(queryInteger(1, MAX_BATCH_ENTRIES), String(MAX_BATCH_ENTRIES)),
  maxBytes: v.optional(queryInteger(1, MAX_READ_BYTES), String(MAX_READ_BYTES)),
})

const read = { offset: countSchema, timestamp: instantSchema, key: v.nullable(v.string()) }
const readHeaders = { headers: v.record(v.string(), v.string()) }

/** What a read answers; a damaged range of offsets has a problem in its place. */
export const readSchema = v.object({
  records: v.array(
    v.union([
      v.object({ ...read, body: bodySchema, ...readHeaders }),
      v.object({ ...read, bodyBase64: base64Schema, ...readHeaders }),
      v.object({ offset: countSchema, lastOffset: countSchema, problem: problemSchema }),
    ]),
  ),
  nextOffset: countSchema,
  endOffset: countSchema,
})

/** Up to where to trim. */
export const trimQuerySchema = v.strictObject({ before: queryInteger(0, Number.MAX_SAFE_INTEGER) })

/** What a trim answers. */
export const trimmedSchema = v.object(offsets)
