import { ok } from "../../core/result.ts"
import { ACCOUNT_ID } from "../aws/account.ts"
import { isJsonObject, type JsonObject } from "../native/fields.ts"
import { ACTIONS } from "./actions.ts"
import { invalidParameter, missingParameter, type SqsResult } from "./errors.ts"
import { MAX_LABEL_CHARACTERS, MAX_STATEMENT_ACTIONS } from "./limits.ts"
import { overLimit, parsePolicy } from "./policy.ts"

/** What a policy can give to another account; the rest is the owner's, whatever a policy says. */
export const GRANTED_ACTIONS: ReadonlySet<string> = new Set([
  "SendMessage",
  "ReceiveMessage",
  "DeleteMessage",
  "ChangeMessageVisibility",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
])

/** What is to be allowed, and to whom. */
export interface Permission {
  readonly label: string
  readonly accountIds: readonly string[]
  /** As they are called in the API, or `*`. */
  readonly actions: readonly string[]
}

const LABEL = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_LABEL_CHARACTERS}}$`)
/** A batch is allowed by the action that it repeats, and has no name of its own in policies. */
const BATCH = /Batch$/

/** Whether it is a permission that a queue can have. */
export function checkPermission({ label, accountIds, actions }: Permission): SqsResult<null> {
  const missing = label === "" ? "Label" : actions.length === 0 ? "ActionName" : null
  if (missing !== null) return missingParameter(missing)
  if (!LABEL.test(label)) {
    const rule = "Can only include alphanumeric characters, hyphens, or underscores."
    return invalidParameter("Label", label, `${rule} 1 to ${MAX_LABEL_CHARACTERS} in length.`)
  }
  const excess = overLimit("Actions", actions.length, MAX_STATEMENT_ACTIONS)
  if (excess !== null) return excess
  for (const action of actions) {
    const reason = actionRefusal(action)
    if (reason !== null) return invalidParameter("ActionName", `SQS:${action}`, reason)
  }
  if (accountIds.length === 0) return missingParameter("AWSAccountIds")
  if (accountIds.every((id) => ACCOUNT_ID.test(id))) return ok(null)
  return invalidParameter("PrincipalId", `[${accountIds.join(", ")}]`, "Unable to verify.")
}

/** The policy of the queue `arn` with one more permission, which was checked. A second time the same changes nothing. */
export function withPermission(
  policy: string | undefined,
  arn: string,
  { label, accountIds, actions }: Permission,
): SqsResult<string> {
  const current = policy === undefined ? ok(emptyPolicy(arn)) : fieldsOf(policy)
  if (!current.ok) return current
  const statements = statementsOf(current.value)
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accountIds.map((id) => `arn:aws:iam::${id}:root`)) },
    Action: oneOrMany(actions.map((action) => `SQS:${action}`)),
    Resource: arn,
  }
  const labelled = statements.find((other) => hasLabel(other, label))
  if (labelled !== undefined) {
    const isSame = policy !== undefined && JSON.stringify(labelled) === JSON.stringify(statement)
    return isSame ? ok(policy) : invalidParameter("Label", label, "Already exists.")
  }
  const text = JSON.stringify({ ...current.value, Statement: [...statements, statement] })
  const parsed = parsePolicy(text)
  return parsed.ok ? ok(text) : parsed
}

/** The policy without the permission `label`; null where nothing is left of it. */
export function withoutPermission(policy: string | undefined, label: string): SqsResult<string | null> {
  if (label === "") return missingParameter("Label")
  const current = policy === undefined ? ok({}) : fieldsOf(policy)
  if (!current.ok) return current
  const statements = statementsOf(current.value)
  const left = statements.filter((statement) => !hasLabel(statement, label))
  if (left.length === statements.length) return invalidParameter("Label", label, "can't find label.")
  return ok(left.length === 0 ? null : JSON.stringify({ ...current.value, Statement: left }))
}

function actionRefusal(action: string): string | null {
  if (action === "*" || GRANTED_ACTIONS.has(action)) return null
  return Object.hasOwn(ACTIONS, action) && !BATCH.test(action)
    ? "Only the queue owner is allowed to invoke this action."
    : "Please refer to the appropriate WSDL for a list of valid actions."
}

/** The owner writes annotations too, and may have put anything there. */
function fieldsOf(policy: string): SqsResult<JsonObject> {
  const parsed = parsePolicy(policy)
  return parsed.ok ? ok(JSON.parse(policy) as JsonObject) : parsed
}

function emptyPolicy(arn: string): JsonObject {
  return { Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy`, Statement: [] }
}

function statementsOf({ Statement: statement = [] }: JsonObject): readonly unknown[] {
  return Array.isArray(statement) ? statement : [statement]
}

function hasLabel(statement: unknown, label: string): boolean {
  return isJsonObject(statement) && statement["Sid"] === label
}

function oneOrMany(texts: readonly string[]): string | readonly string[] {
  return texts.length === 1 ? texts[0]! : texts
}
