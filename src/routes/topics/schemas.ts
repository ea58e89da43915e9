import * as v from "valibot"
import { MAX_PARTITIONS } from "../../core/limits.ts"
import { countSchema, instantSchema, integer, nameSchema, queryInteger } from "../schemas.ts"
import { topicSettingsSchema } from "./settings-schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)

const topicEntries = {
  name: nameSchema,
  settings: topicSettingsSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
}
const offsets = {
  startOffset: countSchema,
  endOffset: countSchema,
  bytes: countSchema,
  lastAppendedAt: v.pipe(v.number(), v.integer(), v.description("Milliseconds since the epoch; 0 for never.")),
}

/** A topic as the catalog knows it. */
export const topicSchema = v.object(topicEntries)

/** A topic with what its partitions hold. */
export const topicWithPartitionsSchema = v.object({
  ...topicEntries,
  partitions: v.array(v.object({ partition, ...offsets })),
})

/** One page of topics. */
export const topicListSchema = v.object({ topics: v.array(topicSchema), cursor: v.nullable(nameSchema) })

/** Up to where to trim. */
export const trimQuerySchema = v.strictObject({ before: queryInteger(0, Number.MAX_SAFE_INTEGER) })

/** What a trim answers. */
export const trimmedSchema = v.object(offsets)
