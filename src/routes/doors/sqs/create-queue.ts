import type { QueuePatch, QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok } from "../../../core/result.ts"
import { refuse, type SqsResult } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { checkNewAttributes, type GivenAttributes } from "../../../protocol/sqs/queue-attributes.ts"
import { differentAttribute } from "../../../protocol/sqs/queue-description.ts"
import { checkNewQueueName } from "../../../protocol/sqs/queue-name.ts"
import { newQueuePatch, togetherRefusal } from "../../../protocol/sqs/queue-patch.ts"
import { addTags } from "../../../protocol/sqs/tags.ts"
import { callCatalog, queueMetadata } from "../../objects.ts"
import type { SqsAction, SqsCall } from "./action.ts"
import { permitAction } from "./authorize.ts"
import { resolveRedrivePolicy } from "./dead-letter-target.ts"
import { arnOf } from "./arn-of.ts"
import { queueUrl } from "./queue.ts"
import { hasWaits } from "./waits.ts"

/** While others create and delete the same queue: so often is it looked again whether it is there. */
const MAX_LOOKS = 4

type Call = SqsCall<"CreateQueue">

/** Creates a queue; where there is one, its attributes must be those that are given. */
export const createQueue: SqsAction<"CreateQueue"> = {
  name: "CreateQueue",
  async handle(call) {
    const { QueueName: name, Attributes: attributes = {} } = call.input
    const permitted = permitAction(call, name)
    if (!permitted.ok) return permitted
    const given = checkNewAttributes(attributes)
    if (!given.ok) return given
    const patch = await checkNewQueue(call, given.value)
    if (!patch.ok) return patch
    for (let look = 0; look < MAX_LOOKS; look++) {
      const isThere = await findOrCreate(call, given.value, patch.value)
      if (!isThere.ok) return isThere
      if (isThere.value) return ok({ QueueUrl: queueUrl(call, name) })
    }
    return refuse("RequestThrottled", "Rate exceeded")
  },
}

/** What the queue is made of, once everything that was asked for can be had. */
async function checkNewQueue(call: Call, given: GivenAttributes): Promise<SqsResult<QueuePatch>> {
  const { QueueName, tags = {} } = call.input
  const isFifo = given.has("FifoQueue")
  const name = checkNewQueueName(QueueName, isFifo)
  if (!name.ok) return name
  const refused = togetherRefusal(given, new Map())
  if (refused !== null) return err(refused)
  const tagged = addTags(name.value, tags, {})
  if (!tagged.ok) return tagged
  const redrivePolicy = given.get("RedrivePolicy") ?? ""
  if (redrivePolicy !== "") {
    const target = await resolveRedrivePolicy(call, redrivePolicy, { name: name.value, isFifo })
    if (!target.ok) return target
  }
  const patch = newQueuePatch(given)
  return ok({ ...patch, annotations: { ...patch.annotations, ...tagged.value } })
}

/** Whether the queue is there now; false where others were faster, and it is to be looked again. */
async function findOrCreate(call: Call, given: GivenAttributes, patch: QueuePatch): Promise<SqsResult<boolean>> {
  const { QueueName: name } = call.input
  const found = await queueMetadata.reload(call, name)
  if (found.ok) return isSame(call, given, found.value.settings)
  if (found.error.code !== "not_found") return err(sqsFailureOf(found.error))
  if (hasWaits(call) && (await isResting(call))) {
    const rule = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    return refuse("QueueDeletedRecently", rule)
  }
  const put = await callCatalog(call, "idempotent", (catalog) => catalog.putQueue(name, patch, 0))
  if (put.ok) queueMetadata.store(call, put.value.entry)
  else if (put.error.code !== "stale_metadata") return err(sqsFailureOf(put.error))
  return ok(put.ok)
}

function isSame(call: Call, given: GivenAttributes, settings: QueueSettings): SqsResult<true> {
  const different = differentAttribute(given, settings, arnOf(call))
  if (different === null) return ok(true)
  const rule = "A queue already exists with the same name and a different value for attribute"
  return refuse("QueueNameExists", `${rule} ${different}`)
}

/** Whether a queue of that name was deleted a moment ago. */
async function isResting(call: Call): Promise<boolean> {
  const deletedAt = await callCatalog(call, "idempotent", async (catalog) =>
    ok(await catalog.queueDeletedAt(call.input.QueueName)),
  )
  // of a catalog that can't be reached it is told by the call that creates
  return deletedAt.ok && deletedAt.value !== null
}
