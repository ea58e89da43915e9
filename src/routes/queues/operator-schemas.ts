import * as v from "valibot"
import {
  DEFAULT_BROWSE_PAGE,
  MAX_BROWSE_PAGE,
  MAX_HEADER_NAME_BYTES,
  MAX_HEADER_VALUE_BYTES,
  MAX_REDRIVE_RATE,
} from "../../core/limits.ts"
import type { MessageState } from "../../core/queue/operator/commands.ts"
import {
  base64Schema,
  bodySchema,
  countSchema,
  groupIdSchema,
  headersSchema,
  instantSchema,
  integer,
  nameSchema,
  problemSchema,
  queryInteger,
} from "../schemas.ts"

const REASONS = ["max_deliveries", "rejected", "expired", "overflow"] as const
/** What a message's state may be, in the order in which purges go by them. */
export const STATES = ["ready", "in_flight", "delayed", "scheduled"] as const satisfies readonly MessageState[]

const reason = v.picklist(REASONS, `must be ${REASONS.join(", ")}`)
const state = v.picklist(STATES, `must be ${STATES.join(", ")}`)
const states = `must be ${STATES.join(", ")}, or some of them with commas between`
const oneState = `(${STATES.join("|")})`
const instant = integer(0, Number.MAX_SAFE_INTEGER)
const queryInstant = queryInteger(0, Number.MAX_SAFE_INTEGER)

const filterQuery = {
  reason: v.exactOptional(reason),
  header: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[^:]+:/, "must be name:value"), v.description("name:value of a header.")),
  ),
  groupId: v.exactOptional(groupIdSchema),
  sentAfter: v.exactOptional(queryInstant),
  sentBefore: v.exactOptional(queryInstant),
}

/** Which messages to look at, and where to go on. */
export const browseQuerySchema = v.strictObject({
  state: v.optional(state, "ready"),
  limit: v.optional(queryInteger(1, MAX_BROWSE_PAGE), String(DEFAULT_BROWSE_PAGE)),
  cursor: v.exactOptional(v.string()),
  ...filterQuery,
})

/** Which messages to purge; all of them where nothing is said. */
export const purgeQuerySchema = v.strictObject({
  state: v.optional(
    v.pipe(
      v.string(),
      v.regex(new RegExp(`^${oneState}(,${oneState})*$`), states),
      v.description("With commas between."),
    ),
    STATES.join(","),
  ),
  ...filterQuery,
})

const browsed = {
  id: v.string(),
  state: v.picklist(STATES),
  sentAt: instantSchema,
  deliveryCount: countSchema,
  firstDeliveredAt: v.optional(instantSchema),
  dueAt: v.optional(instantSchema),
  leaseUntilAt: v.optional(instantSchema),
  consumer: v.optional(v.pipe(countSchema, v.description("0 is a receive over HTTP."))),
  expiresAt: v.optional(instantSchema),
}
const content = { groupId: v.optional(v.string()), headers: v.optional(v.record(v.string(), v.string())) }

/** One message as an operator sees it; a damaged one has a problem where its body would be. */
export const browsedMessageSchema = v.union([
  v.object({ ...browsed, body: bodySchema, ...content }),
  v.object({ ...browsed, bodyBase64: base64Schema, ...content }),
  v.object({ ...browsed, problem: problemSchema }),
])

/** One page of a browse. */
export const browsedPageSchema = v.object({ messages: v.array(browsedMessageSchema), cursor: v.nullable(v.string()) })

const resendMeta = {
  queue: v.optional(v.nullable(nameSchema)),
  headers: v.optional(headersSchema),
  groupId: v.optional(groupIdSchema),
}

/** What a resend takes: where to, and what is to be different. Describes what `parseResend` does. */
export const resendSchema = v.union([
  v.strictObject({ body: v.optional(bodySchema), ...resendMeta }),
  v.strictObject({ bodyBase64: base64Schema, ...resendMeta }),
])

/** What a resend answers. */
export const resentSchema = v.object({ queue: nameSchema })

/** What a purge answers. */
export const purgedSchema = v.object({ removed: countSchema })

const filterEntries = {
  reason: v.exactOptional(reason),
  header: v.exactOptional(
    v.strictObject({
      name: v.pipe(v.string(), v.minBytes(1), v.maxBytes(MAX_HEADER_NAME_BYTES)),
      value: v.pipe(v.string(), v.maxBytes(MAX_HEADER_VALUE_BYTES)),
    }),
  ),
  groupId: v.exactOptional(groupIdSchema),
  sentAfter: v.exactOptional(instant),
  sentBefore: v.exactOptional(instant),
}

/** What a redrive takes: everything goes back to where it came from unless something else is said. */
export const redriveSchema = v.strictObject({
  queue: v.optional(v.nullable(nameSchema), null),
  filter: v.optional(v.strictObject(filterEntries), {}),
  maxMessagesPerSecond: v.optional(v.nullable(integer(1, MAX_REDRIVE_RATE)), null),
})

/** A redrive and how far it is. */
export const redriveViewSchema = v.object({
  id: countSchema,
  state: v.picklist(["running", "done", "cancelled"]),
  moved: countSchema,
  skipped: countSchema,
  remaining: v.pipe(countSchema, v.description("Places in the queue not looked at yet; some may be empty.")),
  startedAt: instantSchema,
  updatedAt: instantSchema,
  queue: v.nullable(nameSchema),
  filter: v.object(filterEntries),
  maxMessagesPerSecond: v.nullable(countSchema),
})

/** Redrives, the newest first. */
export const redriveListSchema = v.object({ redrives: v.array(redriveViewSchema) })
