import * as v from "valibot"
import {
  MAX_AHEAD_MS,
  MAX_COMMIT_ENTRIES,
  MAX_COMMIT_METADATA_BYTES,
  MAX_PARTITIONS,
  MAX_TIMESTAMP,
  NAME_PATTERN,
} from "../../core/limits.ts"
import { batch, countSchema, integer, nameSchema, problemSchema } from "../schemas.ts"
import { appendedRecordSchema, producerBatchSchema, recordSchema } from "../topics/append-schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const count = integer(0, Number.MAX_SAFE_INTEGER)
const place = { topic: nameSchema, partition }
const failed = v.object({ ...place, problem: problemSchema })

/** Of which topic offsets are shown. */
export const offsetsQuerySchema = v.strictObject({
  topic: v.exactOptional(v.pipe(nameSchema, v.description("All that the group knows unless told otherwise."))),
})

/** Where a group stands, and what is left for it to read. */
export const groupOffsetsSchema = v.object({
  lag: v.pipe(countSchema, v.description("Of all partitions that have an offset.")),
  partitions: v.array(
    v.object({
      ...place,
      committedOffset: v.nullable(countSchema),
      metadata: v.string(),
      committedAt: v.pipe(countSchema, v.description("Milliseconds since the epoch; 0 for never.")),
      startOffset: countSchema,
      endOffset: countSchema,
      lag: v.nullable(countSchema),
      memberId: v.nullable(v.string()),
      epoch: countSchema,
    }),
  ),
})

const commit = {
  ...place,
  offset: v.pipe(count, v.description("The next one to read.")),
  metadata: v.optional(v.pipe(v.string(), v.maxBytes(MAX_COMMIT_METADATA_BYTES))),
}
const alone = { ...commit }
const withRecords = { ...commit, records: batch(recordSchema), producer: v.optional(producerBatchSchema) }
const epoch = v.pipe(count, v.description("Of the member's assignment."))

function commits<Entry extends v.GenericSchema>(entry: Entry) {
  return v.pipe(v.array(entry), v.minLength(1), v.maxLength(MAX_COMMIT_ENTRIES))
}

/** What a commit takes. Describes what `parseCommits` does; a test holds them together. */
export const commitSchema = v.union([
  v.strictObject({
    memberId: v.pipe(v.string(), v.regex(NAME_PATTERN)),
    offsets: commits(v.union([v.strictObject({ ...alone, epoch }), v.strictObject({ ...withRecords, epoch })])),
  }),
  v.strictObject({ offsets: commits(v.union([v.strictObject(alone), v.strictObject(withRecords)])) }),
])

/** What a commit answers. */
export const committedSchema = v.object({
  results: v.array(
    v.union([v.object({ ...place, offset: countSchema, records: v.optional(v.array(appendedRecordSchema)) }), failed]),
  ),
})

const TARGET = "must be earliest, latest or have an offset, a timestamp, a shiftBy or a durationMs"

/** Where a group's offsets are to go. */
export const seekSchema = v.strictObject({
  topic: nameSchema,
  partitions: v.exactOptional(
    v.pipe(v.array(partition), v.minLength(1), v.description("All of them unless told otherwise.")),
  ),
  to: v.union(
    [
      v.picklist(["earliest", "latest"]),
      v.strictObject({ offset: count }),
      v.strictObject({ timestamp: integer(0, MAX_TIMESTAMP) }),
      v.strictObject({ shiftBy: integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) }),
      v.strictObject({ durationMs: integer(0, MAX_AHEAD_MS) }),
    ],
    TARGET,
  ),
  dryRun: v.optional(v.boolean("must be true or false"), false),
})

/** What a seek did, or would do. */
export const soughtSchema = v.object({
  results: v.array(v.union([v.object({ ...place, before: v.nullable(countSchema), offset: countSchema }), failed])),
})
