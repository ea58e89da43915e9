import type { QueuePatch, QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok } from "../../../core/result.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import { checkChangedAttributes } from "../../../protocol/sqs/queue-attributes.ts"
import { currentAttributes } from "../../../protocol/sqs/queue-description.ts"
import { queuePatch, togetherRefusal } from "../../../protocol/sqs/queue-patch.ts"
import type { SqsAction, SqsCall } from "./action.ts"
import { resolveRedrivePolicy } from "./dead-letter-target.ts"
import { arnOf } from "./arn-of.ts"
import { changeQueue, loadNamedQueue } from "./queue.ts"

type Call = SqsCall<"SetQueueAttributes">

/** Changes the attributes that are named, all of them or none. */
export const setQueueAttributes: SqsAction<"SetQueueAttributes"> = {
  name: "SetQueueAttributes",
  async handle(call) {
    const redrivable = await checkTarget(call)
    if (!redrivable.ok) return redrivable
    const changed = await changeQueue(call, ({ settings }) => change(call, settings))
    return changed.ok ? ok(null) : changed
  },
}

/** Whether a dead-letter queue that is named takes this queue's messages. */
async function checkTarget(call: Call): Promise<SqsResult<null>> {
  const text = call.input.Attributes["RedrivePolicy"] ?? ""
  if (text === "") return ok(null)
  const entry = await loadNamedQueue(call)
  if (!entry.ok) return entry
  const { name, settings } = entry.value
  const resolved = await resolveRedrivePolicy(call, text, { name, isFifo: settings.ordering === "fifo" })
  return resolved.ok ? ok(null) : resolved
}

function change(call: Call, settings: QueueSettings): SqsResult<QueuePatch> {
  const given = checkChangedAttributes(call.input.Attributes, settings.ordering === "fifo")
  if (!given.ok) return given
  const refused = togetherRefusal(given.value, currentAttributes(settings, arnOf(call)))
  return refused === null ? ok(queuePatch(given.value, settings.ordering)) : err(refused)
}
