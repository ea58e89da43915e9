import * as v from "valibot"
import { ACTIONS, type Right } from "../../core/access/rights.ts"
import {
  DEFAULT_TOKEN_MS,
  MAX_SUBJECT_CHARACTERS,
  MAX_TOKEN_MS,
  MAX_TOKEN_PATTERNS,
  MAX_TOKEN_RIGHTS,
} from "../../core/limits.ts"
import { ACCOUNT_ID } from "../../protocol/aws/account.ts"
import { instantSchema, integer, nameSchema, patternSchema } from "../schemas.ts"

const KINDS = "must be bearer or aws"
const bearer = v.literal("bearer", KINDS)
const aws = v.literal("aws", KINDS)
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

/** What a token of either kind is to be good for. */
const terms = {
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
}

const bearerRequestSchema = v.strictObject({ kind: v.optional(bearer, "bearer"), ...terms })

const accessKeyRequestSchema = v.strictObject({
  kind: aws,
  ...terms,
  accountId: v.exactOptional(
    v.pipe(
      v.string("must be a string"),
      v.regex(ACCOUNT_ID, "must be twelve digits"),
      v.description(
        "Who presents the key, to policies of queues; the account of the namespace unless told otherwise. Another one may do what policies allow it.",
      ),
    ),
  ),
})

/** What is asked for: a token, or an access key for clients of AWS. */
export const tokenRequestSchema = v.variant("kind", [bearerRequestSchema, accessKeyRequestSchema], KINDS)

/** What a bearer token is to be good for. */
export type BearerRequest = v.InferOutput<typeof bearerRequestSchema>

/** What an access key is to be good for. */
export type AccessKeyRequest = v.InferOutput<typeof accessKeyRequestSchema>

const allowed = v.array(v.string())

const granted = {
  namespace: v.string(),
  subject: v.nullable(v.string()),
  expiresAt: v.nullable(instantSchema),
  rights: v.nullable(
    v.array(v.object({ actions: v.array(v.picklist(ACTIONS)), queues: allowed, topics: allowed, groups: allowed })),
  ),
}

/** A token or an access key, and what it is good for. */
export const tokenSchema = v.variant("kind", [
  v.object({ kind: bearer, token: v.string(), ...granted }),
  v.object({
    kind: aws,
    accessKeyId: v.string(),
    secretAccessKey: v.string(),
    accountId: v.string(),
    ...granted,
  }),
])

function countOf({ queues, topics, groups }: Omit<Right, "actions">): number {
  return queues.length + topics.length + groups.length
}
