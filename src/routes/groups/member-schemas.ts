import * as v from "valibot"
import { MAX_GROUP_PARTITIONS, MAX_NEWS_WAIT_MS, MAX_PARTITIONS, MAX_SUBSCRIBED_TOPICS } from "../../core/limits.ts"
import { countSchema, instantSchema, integer, nameSchema, patternSchema } from "../schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)
const place = { topic: nameSchema, partition }

const topics = v.exactOptional(v.pipe(v.array(nameSchema), v.maxLength(MAX_SUBSCRIBED_TOPICS)))
const patterns = v.exactOptional(v.pipe(v.array(patternSchema), v.maxLength(MAX_SUBSCRIBED_TOPICS)))

/** Who joins, and what it reads. */
export const joinSchema = v.pipe(
  v.strictObject({
    topics,
    patterns,
    instanceId: v.exactOptional(
      v.pipe(nameSchema, v.description("Of a static member, which finds its partitions again when it comes back.")),
    ),
  }),
  v.check((asked) => asked.topics !== undefined || asked.patterns !== undefined, "must have topics or patterns"),
)

/** What a member says of itself, and whether to wait. */
export const heartbeatSchema = v.pipe(
  v.strictObject({
    owned: v.exactOptional(
      v.pipe(
        v.array(v.strictObject({ ...place, epoch: v.exactOptional(integer(0, Number.MAX_SAFE_INTEGER)) })),
        v.maxLength(MAX_GROUP_PARTITIONS),
        v.description("What the member works on; what it was asked to give up and is not here is given up."),
      ),
    ),
    topics,
    patterns,
    waitMs: v.exactOptional(
      v.pipe(
        integer(0, MAX_NEWS_WAIT_MS),
        v.description("How long to wait where `owned` is just what the member has; at most half of its session."),
      ),
    ),
  }),
  v.forward(
    v.check((asked) => asked.waitMs === undefined || asked.owned !== undefined, "goes with owned"),
    ["waitMs"],
  ),
)

/** What a member has. */
export const memberSchema = v.object({
  memberId: v.string(),
  epoch: countSchema,
  heartbeatIntervalMs: countSchema,
  sessionTimeoutMs: countSchema,
  assigned: v.array(v.object({ ...place, epoch: countSchema, offset: v.nullable(countSchema) })),
  revoked: v.array(v.object({ ...place, epoch: countSchema, deadlineAt: instantSchema })),
  lost: v.array(v.object(place)),
  waiting: v.boolean(),
})
