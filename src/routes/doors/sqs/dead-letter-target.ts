import { err, ok } from "../../../core/result.ts"
import { annotated } from "../../../protocol/sqs/annotations.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import { isMissingQueue, sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { parseRedrivePolicy, type RedrivePolicy, redriveRefusal } from "../../../protocol/sqs/redrive-policy.ts"
import { queueMetadata } from "../../objects.ts"
import type { SqsRequest } from "./action.ts"
import { permitTarget } from "./authorize.ts"

/**
 * What the attribute `RedrivePolicy` says, once it is known that the caller may have messages put into the queue that
 * it names, and that this queue takes them from `source`.
 */
export async function resolveRedrivePolicy(
  call: SqsRequest,
  text: string,
  source: { readonly name: string; readonly isFifo: boolean },
): Promise<SqsResult<RedrivePolicy>> {
  const policy = parseRedrivePolicy(text)
  if (!policy.ok) return policy
  const { deadLetterQueue } = policy.value
  const permitted = permitTarget(call, deadLetterQueue)
  if (!permitted.ok) return permitted
  const loaded = await queueMetadata.reload(call, deadLetterQueue)
  if (!loaded.ok && !isMissingQueue(loaded.error)) return err(sqsFailureOf(loaded.error))
  const settings = loaded.ok ? loaded.value.settings : null
  const target = settings && {
    name: deadLetterQueue,
    isFifo: settings.ordering === "fifo",
    allowPolicy: annotated(settings, "RedriveAllowPolicy"),
  }
  const refused = redriveRefusal(text, source, target)
  return refused === null ? ok(policy.value) : err(refused)
}
