import { ok } from "../../../core/result.ts"
import { annotated, annotationOf } from "../../../protocol/sqs/annotations.ts"
import { withoutPermission } from "../../../protocol/sqs/permissions.ts"
import type { SqsAction } from "./action.ts"
import { changeQueue } from "./queue.ts"

/** Takes the statement with that label out of the queue's policy; with the last one the policy goes. */
export const removePermission: SqsAction<"RemovePermission"> = {
  name: "RemovePermission",
  async handle(call) {
    const changed = await changeQueue(call, ({ settings }) => {
      const policy = withoutPermission(annotated(settings, "Policy"), call.input.Label)
      return policy.ok ? ok({ annotations: { [annotationOf("Policy")]: policy.value } }) : policy
    })
    return changed.ok ? ok(null) : changed
  },
}
