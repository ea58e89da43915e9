import { isJsonObject, type JsonObject } from "../native/fields.ts"

/** One statement of a queue's policy. */
export interface Statement {
  readonly sid: string | null
  readonly effect: "Allow" | "Deny"
  /** Accounts and ARNs; null for everyone. */
  readonly principals: readonly string[] | null
  /** In lower case, with the service: `sqs:sendmessage`. */
  readonly actions: Selection
  readonly resources: Selection
  /** All of them must hold. */
  readonly conditions: readonly Condition[]
}

/** What matches one of the patterns; with `except`, what matches none. */
export interface Selection {
  readonly except: boolean
  readonly patterns: readonly string[]
}

/** A comparison of what a request has under `key`, in lower case, with any of `values`. */
export interface Condition {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

const MEMBERS: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
])
/** Kinds of principals besides `AWS`; nobody who reaches this door is one of them. */
const STRANGERS: ReadonlySet<string> = new Set(["Service", "Federated", "CanonicalUser"])
const ACTION = /^(?:\*|sqs:[a-z*?]+)$/

/** Reads one statement; null where it is none that a queue's policy can have. */
export function parseStatement(value: unknown): Statement | null {
  if (!isJsonObject(value) || Object.keys(value).some((name) => !MEMBERS.has(name))) return null
  const { Sid: sid = null, Effect: effect } = value
  if ((effect !== "Allow" && effect !== "Deny") || (sid !== null && typeof sid !== "string")) return null
  const principals = principalsOf(value["Principal"])
  const actions = selectionOf(value, "Action")
  const resources = selectionOf(value, "Resource")
  const conditions = conditionsOf(value["Condition"])
  if (principals === undefined || actions === null || resources === null || conditions === null) return null
  const lowered = actions.patterns.map((pattern) => pattern.toLowerCase())
  if (!lowered.every((pattern) => ACTION.test(pattern))) return null
  return { sid, effect, principals, actions: { ...actions, patterns: lowered }, resources, conditions }
}

/** Undefined where they can't be read. */
function principalsOf(value: unknown): readonly string[] | null | undefined {
  if (value === "*") return null
  if (!isJsonObject(value) || Object.keys(value).length === 0) return undefined
  const found: string[] = []
  for (const [kind, named] of Object.entries(value)) {
    const names = textsOf(named)
    if (names === null || (kind !== "AWS" && !STRANGERS.has(kind))) return undefined
    if (kind === "AWS") found.push(...names)
  }
  if (found.includes("*")) return null
  // a pattern would look as if it took in whom it does not
  return found.some((name) => name.includes("*")) ? undefined : found
}

function selectionOf(statement: JsonObject, member: "Action" | "Resource"): Selection | null {
  const [wanted, unwanted] = [statement[member], statement[`Not${member}`]]
  if ((wanted === undefined) === (unwanted === undefined)) return null
  const patterns = textsOf(wanted ?? unwanted)
  return patterns && { except: wanted === undefined, patterns }
}

function conditionsOf(value: unknown): readonly Condition[] | null {
  if (value === undefined) return []
  if (!isJsonObject(value)) return null
  const found: Condition[] = []
  for (const [operator, comparisons] of Object.entries(value)) {
    if (!isJsonObject(comparisons)) return null
    for (const [key, wanted] of Object.entries(comparisons)) {
      const values = textsOf(wanted)
      if (values === null) return null
      found.push({ operator, key: key.toLowerCase(), values })
    }
  }
  return found
}

/** One text or several; numbers and booleans are written without quotes too. */
function textsOf(value: unknown): readonly string[] | null {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = values.flatMap((one) =>
    typeof one === "string" || typeof one === "number" || typeof one === "boolean" ? String(one) : [],
  )
  return texts.length === values.length && texts.length > 0 ? texts : null
}
