import { refuse } from "../../../protocol/sqs/errors.ts"

/** What is said of an action that there is not, or not here. */
export function invalidAction(action: string) {
  return refuse("InvalidAction", `The action ${action} is not valid for this endpoint.`)
}
