import { ok } from "../../core/result.ts"
import { isJsonObject } from "../native/fields.ts"
import { refuse, type SqsResult } from "./errors.ts"
import { parseJson } from "./json-text.ts"
import {
  MAX_POLICY_BYTES,
  MAX_POLICY_CONDITIONS,
  MAX_POLICY_PRINCIPALS,
  MAX_POLICY_STATEMENTS,
  MAX_STATEMENT_ACTIONS,
} from "./limits.ts"
import { parseStatement, type Statement } from "./policy-statement.ts"

/** A queue's policy, as its attribute `Policy` has it: who may do what under which conditions. */
export interface Policy {
  readonly version: PolicyVersion
  readonly statements: readonly Statement[]
}

/** Only the newer one has variables, such as `${aws:username}`. */
export type PolicyVersion = "2008-10-17" | "2012-10-17"

const MEMBERS: ReadonlySet<string> = new Set(["Version", "Id", "Statement"])

/** Reads the attribute `Policy`. */
export function parsePolicy(text: string): SqsResult<Policy> {
  const isTooLong = text.length > MAX_POLICY_BYTES || new TextEncoder().encode(text).length > MAX_POLICY_BYTES
  const policy = isTooLong ? null : policyOf(parseJson(text))
  if (policy === null) return refuse("InvalidAttributeValue", "Invalid value for the parameter Policy.")
  const { statements } = policy
  const excess =
    overLimit("Statements", statements.length, MAX_POLICY_STATEMENTS) ??
    overLimit(
      "Actions",
      Math.max(...statements.map(({ actions }) => actions.patterns.length)),
      MAX_STATEMENT_ACTIONS,
    ) ??
    overLimit(
      "Principals",
      total(statements, ({ principals }) => principals?.length ?? 1),
      MAX_POLICY_PRINCIPALS,
    ) ??
    overLimit(
      "Conditions",
      total(statements, ({ conditions }) => conditions.length),
      MAX_POLICY_CONDITIONS,
    )
  return excess ?? ok(policy)
}

/** How more than `limit` of something are refused, or null. */
export function overLimit(what: string, found: number, limit: number) {
  return found <= limit ? null : refuse("OverLimit", `${found} ${what} were found, maximum allowed is ${limit}.`)
}

function policyOf(value: unknown): Policy | null {
  if (!isJsonObject(value) || Object.keys(value).some((name) => !MEMBERS.has(name))) return null
  const { Version: version = "2008-10-17", Id: id = "", Statement: statement } = value
  if ((version !== "2008-10-17" && version !== "2012-10-17") || typeof id !== "string") return null
  const statements = (Array.isArray(statement) ? statement : [statement]).map(parseStatement)
  if (statements.length === 0 || !statements.every((one) => one !== null)) return null
  const sids = statements.flatMap(({ sid }) => sid ?? [])
  return new Set(sids).size === sids.length ? { version, statements } : null
}

function total(statements: readonly Statement[], count: (statement: Statement) => number): number {
  return statements.reduce((sum, statement) => sum + count(statement), 0)
}
