import * as v from "valibot"
import {
  MAX_BATCH_ENTRIES,
  MAX_KEY_BYTES,
  MAX_PARTITIONS,
  MAX_READ_BYTES,
  MAX_READ_PARTITIONS,
  MAX_READ_WAIT_MS,
  MAX_TIMESTAMP,
} from "../../core/limits.ts"
import { parsePosition } from "../../protocol/native/position.ts"
import {
  base64Schema,
  bodySchema,
  countSchema,
  instantSchema,
  integer,
  problemSchema,
  queryInteger,
} from "../schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const POSITION = "must be earliest, latest, an offset, -<count> or @<milliseconds>"
const isPosition = (text: string): boolean => parsePosition(text) !== null

const limits = {
  maxRecords: v.exactOptional(
    v.pipe(
      queryInteger(1, MAX_BATCH_ENTRIES),
      v.description(`${MAX_BATCH_ENTRIES} unless told otherwise, and no limit for raw records.`),
    ),
  ),
  maxBytes: v.exactOptional(
    v.pipe(queryInteger(1, MAX_READ_BYTES), v.description(`Stored bytes; ${MAX_READ_BYTES} unless told otherwise.`)),
  ),
  waitMs: v.exactOptional(
    v.pipe(queryInteger(0, MAX_READ_WAIT_MS), v.description("How long to wait where there is nothing to read.")),
  ),
}
const view = {
  key: v.exactOptional(v.pipe(v.string(), v.maxBytes(MAX_KEY_BYTES), v.description("Only records with this key."))),
  header: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^[^:]+:/, "must be name:value"),
      v.description("Only records with this header, as name:value."),
    ),
  ),
  damaged: v.exactOptional(
    v.pipe(
      v.picklist(["skip", "report"], "must be skip or report"),
      v.description("What stands in the place of damaged records: nothing, or a problem as unless told otherwise."),
    ),
  ),
}

/** Where to read in a partition, how much, and what of it. */
export const readQuerySchema = v.strictObject({
  from: v.optional(v.pipe(v.string(), v.check(isPosition, POSITION), v.description(POSITION)), "earliest"),
  ...limits,
  ...view,
})

/** The same in several partitions. */
export const readManyQuerySchema = v.strictObject({
  partitions: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}(,\d{1,3})*$/, "must be numbers of partitions with commas between"),
      v.check((text) => text.split(",").length <= MAX_READ_PARTITIONS, `must name at most ${MAX_READ_PARTITIONS}`),
      v.check((text) => new Set(text.split(",").map(Number)).size === text.split(",").length, "must name each once"),
      v.description("All of them unless told otherwise."),
    ),
  ),
  from: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => text.split(",").every(isPosition), POSITION),
      v.description(`One for all, or one for each with commas between; each ${POSITION}.`),
    ),
    "earliest",
  ),
  ...limits,
  ...view,
})

const record = { offset: countSchema, timestamp: instantSchema, key: v.nullable(v.string()) }
const headers = { headers: v.record(v.string(), v.string()) }
/** What a record has, by what its value is. */
export const recordContents = [
  { ...record, body: bodySchema, ...headers },
  { ...record, bodyBase64: base64Schema, ...headers },
  { ...record, tombstone: v.literal(true), ...headers },
] as const

/** Records as a read shows them, and where to go on. */
export const readEntriesSchema = {
  records: v.array(
    v.union([
      ...recordContents.map((members) => v.object(members)),
      v.object({ offset: countSchema, lastOffset: countSchema, problem: problemSchema }),
    ]),
  ),
  nextOffset: countSchema,
  endOffset: countSchema,
}

/** What a read answers; a damaged range of offsets has a problem in its place. */
export const readSchema = v.object(readEntriesSchema)

/** What a read of several partitions answers, in the order asked for. */
export const readManySchema = v.object({
  partitions: v.array(
    v.union([v.object({ partition, ...readEntriesSchema }), v.object({ partition, problem: problemSchema })]),
  ),
})

/** One record with the partition it is in. */
export const placedRecordSchema = v.union(recordContents.map((members) => v.object({ partition, ...members })))

/** A point in time to look up, or none. */
export const offsetsQuerySchema = v.strictObject({ timestamp: v.exactOptional(queryInteger(0, MAX_TIMESTAMP)) })

const standing = { startOffset: countSchema, endOffset: countSchema, bytes: countSchema, lastAppendedAt: countSchema }

/** Where each partition begins and ends, and where the records of a time begin. */
export const offsetsSchema = v.object({
  partitions: v.array(
    v.object({
      partition,
      ...standing,
      offset: v.optional(v.pipe(countSchema, v.description("Of the first record of the timestamp or younger."))),
      timestamp: v.optional(v.pipe(v.nullable(instantSchema), v.description("Of that record; null for none."))),
    }),
  ),
})

/** From where on the end of a partition is news. */
export const headQuerySchema = v.strictObject({
  after: v.exactOptional(queryInteger(0, Number.MAX_SAFE_INTEGER)),
  waitMs: v.optional(queryInteger(0, MAX_READ_WAIT_MS), "0"),
})

/** Where a partition stands. */
export const headSchema = v.object(standing)
