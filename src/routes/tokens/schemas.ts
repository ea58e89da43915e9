import * as v from "valibot"
import { ACTIONS, type Right } from "../../core/access/rights.ts"
import {
  DEFAULT_TOKEN_MS,
  MAX_SUBJECT_CHARACTERS,
  MAX_TOKEN_MS,
  MAX_TOKEN_PATTERNS,
  MAX_TOKEN_RIGHTS,
} from "../../core/limits.ts"
import { instantSchema, integer, nameSchema, patternSchema } from "../schemas.ts"

const kind = v.literal("bearer", "must be bearer")
const names = v.array(patternSchema, "must be an array")
const actionNames = `must be ${ACTIONS.slice(0, -1).join(", ")} or ${ACTIONS.at(-1)}`
const actions = v.pipe(
  v.array(v.picklist(ACTIONS, actionNames), "must be an array"),
  v.minLength(1, "must not be empty"),
  v.maxLength(ACTIONS.length, "must name each action once"),
  v.check((some) => new Set(some).size === some.length, "must name each action once"),
)
const right = v.pipe(
  v.strictObject({
    actions,
    queues: v.optional(names, []),
    topics: v.optional(names, []),
    groups: v.optional(names, []),
  }),
  v.check((one) => countOf(one) > 0, "must name queues, topics or groups"),
)
const rights = v.pipe(
  v.array(right, "must be an array"),
  v.maxLength(MAX_TOKEN_RIGHTS, `must have at most ${MAX_TOKEN_RIGHTS} entries`),
  v.check(
    (some) => some.reduce((sum, one) => sum + countOf(one), 0) <= MAX_TOKEN_PATTERNS,
    `must name at most ${MAX_TOKEN_PATTERNS} queues, topics and groups in all`,
  ),
)

/** What a token is to be good for. */
export const tokenRequestSchema = v.strictObject({
  kind: v.optional(kind, "bearer"),
  namespace: v.optional(nameSchema, "default"),
  subject: v.optional(
    v.nullable(
      v.pipe(
        v.string("must be a string"),
        v.maxLength(MAX_SUBJECT_CHARACTERS, `must have at most ${MAX_SUBJECT_CHARACTERS} characters`),
        v.description("Whom the token is for: a note that it carries."),
      ),
    ),
    null,
  ),
  expiresInMs: v.optional(
    v.pipe(v.nullable(integer(1, MAX_TOKEN_MS)), v.description("Null for a token that never ends.")),
    DEFAULT_TOKEN_MS,
  ),
  rights: v.optional(v.pipe(v.nullable(rights), v.description("Null for everything in the namespace.")), null),
})

const allowed = v.array(v.string())

/** A token, and what it is good for. */
export const tokenSchema = v.object({
  kind,
  token: v.string(),
  namespace: v.string(),
  subject: v.nullable(v.string()),
  expiresAt: v.nullable(instantSchema),
  rights: v.nullable(
    v.array(v.object({ actions: v.array(v.picklist(ACTIONS)), queues: allowed, topics: allowed, groups: allowed })),
  ),
})

function countOf({ queues, topics, groups }: Omit<Right, "actions">): number {
  return queues.length + topics.length + groups.length
}
