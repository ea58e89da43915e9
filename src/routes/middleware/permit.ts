import { checkNeeds, checkSomewhere, type Need } from "../../core/access/needs.ts"
import type { Kind } from "../../core/access/rights.ts"
import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Caller, Scope } from "../env.ts"
import type { Demand } from "../operation.ts"

const PERMITTED = ok(null)
const KINDS: readonly Kind[] = ["queue", "topic", "group"]

/** Whether `caller` may call an operation that asks for `demand`, with `params` in its path. */
export function permit(
  demand: Demand,
  params: Readonly<Record<string, string>>,
  caller: Caller,
): Result<null, Failure> {
  if (caller.isRoot || demand === "nothing" || demand === "token") return PERMITTED
  if (demand === "root") return notRoot(caller)
  if ("somewhere" in demand) return checkSomewhere(caller.access, demand.somewhere, demand.kinds)
  const needs = KINDS.flatMap((kind): Need[] => {
    const action = demand[kind]
    return action === undefined ? [] : [{ action, kind, name: params[kind]! }]
  })
  return checkNeeds(caller.access, needs)
}

/** Whether the caller may also use names that stand in a query or body. To be asked before anything looks them up. */
export function permitNeeds({ caller }: Scope, needs: readonly Need[]): Result<null, Failure> {
  return checkNeeds(caller.access, needs)
}

function notRoot({ namespace }: Caller): Result<never, Failure> {
  return err({ code: "forbidden", action: "make tokens for", resource: "namespace", name: namespace })
}
