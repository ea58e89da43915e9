import * as v from "valibot"
import {
  MAX_BATCH_ENTRIES,
  MAX_PARTITIONS,
  MAX_READ_BYTES,
  MAX_READ_PARTITIONS,
  MAX_READ_WAIT_MS,
} from "../../core/limits.ts"
import { countSchema, integer, nameSchema, problemSchema } from "../schemas.ts"
import { readEntriesSchema } from "../topics/read-schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const count = integer(0, Number.MAX_SAFE_INTEGER)

/** From where a member reads in its partitions, and how much of them together. */
export const fetchSchema = v.strictObject({
  partitions: v.pipe(
    v.array(
      v.strictObject({
        topic: nameSchema,
        partition,
        epoch: v.pipe(count, v.description("Of the assignment.")),
        offset: v.nullable(count),
      }),
    ),
    v.minLength(1),
    v.maxLength(MAX_READ_PARTITIONS),
  ),
  maxRecords: v.optional(integer(1, MAX_BATCH_ENTRIES), MAX_BATCH_ENTRIES),
  maxBytes: v.optional(integer(1, MAX_READ_BYTES), MAX_READ_BYTES),
  waitMs: v.optional(integer(0, MAX_READ_WAIT_MS), 0),
})

/** What a fetch answers, in the order asked for. */
export const fetchedSchema = v.object({
  partitions: v.array(
    v.union([
      v.object({ topic: nameSchema, partition: countSchema, ...readEntriesSchema }),
      v.object({ topic: nameSchema, partition: countSchema, problem: problemSchema }),
    ]),
  ),
})
