import { ok } from "../../../core/result.ts"
import { annotated, annotationOf } from "../../../protocol/sqs/annotations.ts"
import { checkPermission, withPermission } from "../../../protocol/sqs/permissions.ts"
import type { SqsAction } from "./action.ts"
import { arnOf } from "./arn-of.ts"
import { changeQueue } from "./queue.ts"

/** Adds a statement to the queue's policy that allows actions to other accounts. */
export const addPermission: SqsAction<"AddPermission"> = {
  name: "AddPermission",
  async handle(call) {
    const { Label: label, AWSAccountIds: accountIds = [], Actions: actions = [] } = call.input
    const permission = { label, accountIds, actions }
    const changed = await changeQueue(call, ({ name, settings }) => {
      const checked = checkPermission(permission)
      if (!checked.ok) return checked
      const policy = withPermission(annotated(settings, "Policy"), arnOf(call)(name), permission)
      return policy.ok ? ok({ annotations: { [annotationOf("Policy")]: policy.value } }) : policy
    })
    return changed.ok ? ok(null) : changed
  },
}
