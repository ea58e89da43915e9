import { checkNeeds, checkSomewhere, type Need } from "../../../core/access/needs.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import { queueArn } from "../../../protocol/aws/arn.ts"
import type { ActionName } from "../../../protocol/sqs/actions.ts"
import { annotated } from "../../../protocol/sqs/annotations.ts"
import type { SqsFailure, SqsResult } from "../../../protocol/sqs/errors.ts"
import { GRANTED_ACTIONS } from "../../../protocol/sqs/permissions.ts"
import { evaluate } from "../../../protocol/sqs/policy-evaluation.ts"
import { parsePolicy, type Policy } from "../../../protocol/sqs/policy.ts"
import { isGuest } from "../aws/identity.ts"
import type { SqsRequest } from "./action.ts"
import { conditionContext, principalArn } from "./principal.ts"

/** What an action takes: a right to its queue, to `see` it, or to read some queue. */
const NEEDS: Readonly<Record<ActionName, Need["action"] | "somewhere">> = {
  SendMessage: "produce",
  SendMessageBatch: "produce",
  ReceiveMessage: "consume",
  DeleteMessage: "consume",
  DeleteMessageBatch: "consume",
  ChangeMessageVisibility: "consume",
  ChangeMessageVisibilityBatch: "consume",
  GetQueueUrl: "see",
  GetQueueAttributes: "read",
  ListQueueTags: "read",
  ListDeadLetterSourceQueues: "read",
  ListMessageMoveTasks: "read",
  ListQueues: "somewhere",
  AddPermission: "manage",
  CancelMessageMoveTask: "manage",
  CreateQueue: "manage",
  DeleteQueue: "manage",
  PurgeQueue: "manage",
  RemovePermission: "manage",
  SetQueueAttributes: "manage",
  StartMessageMoveTask: "manage",
  TagQueue: "manage",
  UntagQueue: "manage",
}

/** What a policy can deny to the owner's own keys: more would let it lock its owner out (`[X44]`). */
const DENIED_BY_POLICY: ReadonlySet<ActionName> = new Set(["SendMessage", "SendMessageBatch", "ReceiveMessage"])

/** A queue's policy; null for a text that is none, undefined for a queue without. */
type PolicyState = Policy | null | undefined

const BATCH = /Batch$/
const PERMITTED = ok(null)
/** Of settings, which are replaced as a whole when they change. */
const policies = new WeakMap<QueueSettings, PolicyState>()

/**
 * Whether the caller may ask for this action on `queue` at all, by the rights of its key; null is for actions on no
 * queue in particular. To be asked before anything is looked up.
 */
export function permitAction(call: SqsRequest, queue: string | null): SqsResult<null> {
  const action = NEEDS[call.action]
  const { access } = call.caller
  const hasRight =
    action === "somewhere"
      ? checkSomewhere(access, "read", ["queue"])
      : checkNeeds(access, [{ action, kind: "queue", name: queue ?? "*" }])
  const isOwners = isGuest(call.identity) && !GRANTED_ACTIONS.has(policyAction(call.action))
  return hasRight.ok && !isOwners ? PERMITTED : err(denied(call, call.action, queue, "no identity-based policy"))
}

/** Whether the caller may have messages put into `queue` by the broker: a dead-letter queue, or where a task moves to. */
export function permitTarget(call: SqsRequest, queue: string): SqsResult<null> {
  const hasRight = checkNeeds(call.caller.access, [{ action: "produce", kind: "queue", name: queue }])
  return hasRight.ok ? PERMITTED : err(denied(call, "SendMessage", queue, "no identity-based policy"))
}

/** Why the policy of the queue keeps the caller out, or null. */
export function policyRefusal(call: SqsRequest, { name, settings }: CatalogEntry<QueueSettings>): SqsFailure | null {
  const isStranger = isGuest(call.identity)
  const policy = policyOf(settings)
  if (!isStranger && (policy === undefined || !DENIED_BY_POLICY.has(call.action))) return null
  const { accountId, region, ownerAccountId } = call.identity
  const answer =
    policy &&
    evaluate(policy, {
      action: policyAction(call.action),
      queue: name,
      queueArn: queueArn(region, ownerAccountId, name),
      accountId,
      principalArn: principalArn(call.identity),
      context: conditionContext(call),
    })
  if (answer === "deny") return deniedExplicitly(call, name)
  return isStranger && answer !== "allow" ? denied(call, call.action, name, "no resource-based policy") : null
}

function policyOf(settings: QueueSettings): PolicyState {
  if (policies.has(settings)) return policies.get(settings)
  const text = annotated(settings, "Policy")
  const parsed = text === undefined ? undefined : parsePolicy(text)
  const policy = parsed?.ok === false ? null : parsed?.value
  policies.set(settings, policy)
  return policy
}

function denied(call: SqsRequest, action: ActionName, queue: string | null, who: string): SqsFailure {
  return {
    name: "AccessDenied",
    message: `${unauthorized(call, action, queue)} because ${who} allows the ${iam(action)} action`,
  }
}

function deniedExplicitly(call: SqsRequest, queue: string): SqsFailure {
  const message = `${unauthorized(call, call.action, queue)} with an explicit deny in a resource-based policy`
  return { name: "AccessDenied", message }
}

function unauthorized({ identity }: SqsRequest, action: ActionName, queue: string | null): string {
  const resource = queueArn(identity.region, identity.ownerAccountId, queue ?? "")
  return `User: ${principalArn(identity)} is not authorized to perform: ${iam(action)} on resource: ${resource}`
}

function iam(action: ActionName): string {
  return `sqs:${policyAction(action).toLowerCase()}`
}

/** An action's name in policies: batches go by the action that they repeat. */
function policyAction(action: ActionName): string {
  return action.replace(BATCH, "")
}
