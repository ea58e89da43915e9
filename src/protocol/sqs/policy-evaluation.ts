import { matchesWildcard } from "../aws/wildcard.ts"
import { allHold, anyOf, type Context, type Verdict } from "./policy-conditions.ts"
import type { Selection, Statement } from "./policy-statement.ts"
import type { Policy } from "./policy.ts"

/** Who wants to do what with which queue. */
export interface PolicyQuestion {
  /** An action that a policy can name: batches go by the action that they repeat. */
  readonly action: string
  readonly queue: string
  readonly queueArn: string
  readonly accountId: string
  readonly principalArn: string
  readonly context: Context
}

/** `none` where no statement is about it. */
export type PolicyAnswer = "allow" | "deny" | "none"

/**
 * What `policy` says to it. One statement that denies outweighs all that allow; where a condition can't be told, a
 * statement denies and does not allow.
 */
export function evaluate(policy: Policy, question: PolicyQuestion): PolicyAnswer {
  const hasVariables = policy.version === "2012-10-17"
  const action = `sqs:${question.action.toLowerCase()}`
  let isAllowed = false
  for (const statement of policy.statements) {
    if (!isOfPrincipal(statement, question)) continue
    const verdict = both(
      selects(statement.actions, (pattern) => matchesWildcard(pattern, action)),
      selects(statement.resources, (pattern) => matchesQueue(pattern, question, hasVariables)),
      allHold(statement.conditions, question.context, hasVariables),
    )
    if (verdict === false) continue
    if (statement.effect === "Deny") return "deny"
    isAllowed ||= verdict === true
  }
  return isAllowed ? "allow" : "none"
}

/** An account stands for everyone in it. */
function isOfPrincipal({ principals }: Statement, { accountId, principalArn }: PolicyQuestion): boolean {
  if (principals === null) return true
  return principals.some((named) => {
    if (named === accountId || named === principalArn) return true
    const [arn, , service, , account, resource] = named.split(":")
    return arn === "arn" && service === "iam" && account === accountId && resource === "root"
  })
}

function selects({ except, patterns }: Selection, matches: (pattern: string) => Verdict): Verdict {
  const matched = anyOf(patterns, matches)
  return except && matched !== null ? !matched : matched
}

/** Of an ARN the queue's name counts: region and account are whatever a client's configuration has. */
function matchesQueue(pattern: string, { queue, queueArn }: PolicyQuestion, hasVariables: boolean): Verdict {
  if (hasVariables && pattern.includes("${")) return null
  const [arn, , service = "", , , name] = pattern.split(":")
  if (arn !== "arn" || name === undefined) return matchesWildcard(pattern, queueArn)
  return matchesWildcard(service, "sqs") && matchesWildcard(name, queue)
}

function both(...verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) return false
  return verdicts.includes(null) ? null : true
}
