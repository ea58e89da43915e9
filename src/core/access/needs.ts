import type { Failure } from "../errors.ts"
import { err, ok, type Result } from "../result.ts"
import type { Access } from "./access.ts"
import { type Action, ACTIONS, type Kind } from "./rights.ts"

/** What one use of the broker takes: an action on a name, or to `see` it, which any action on it includes. */
export interface Need {
  readonly action: Action | "see"
  readonly kind: Kind
  /** Or a pattern, for all names that match. */
  readonly name: string
}

const ALLOWED = ok(null)
/** What stands for any name where a refusal is about none. */
const ANY_NAME = "*"

/** Whether `access` covers all of `needs`; `forbidden` names the first that it does not. */
export function checkNeeds(access: Access, needs: readonly Need[]): Result<null, Failure> {
  const unmet = needs.find((need) => !isMet(access, need))
  return unmet === undefined ? ALLOWED : forbidden(unmet.action, unmet.kind, unmet.name)
}

/** Whether `access` allows `action` on at least some name of one of `kinds`. */
export function checkSomewhere(access: Access, action: Action, kinds: readonly Kind[]): Result<null, Failure> {
  const [first = "queue"] = kinds
  const isAllowed = kinds.some((kind) => access.patterns(action, kind)?.length !== 0)
  return isAllowed ? ALLOWED : forbidden(action, first, ANY_NAME)
}

function isMet(access: Access, { action, kind, name }: Need): boolean {
  if (action !== "see") return access.allows(action, kind, name)
  return ACTIONS.some((one) => access.allows(one, kind, name))
}

function forbidden(action: string, resource: string, name: string): Result<never, Failure> {
  return err({ code: "forbidden", action, resource, name })
}
