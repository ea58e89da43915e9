import { err, ok } from "../../../core/result.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { listPage, nextToken } from "../../../protocol/sqs/list-page.ts"
import { callCatalog } from "../../objects.ts"
import { listReadable } from "../../readable-list.ts"
import type { SqsAction } from "./action.ts"
import { permitAction } from "./authorize.ts"
import { queueUrl } from "./queue.ts"

/** Lists the queues that the caller's key may read, in order of their names. */
export const listQueues: SqsAction<"ListQueues"> = {
  name: "ListQueues",
  async handle(call) {
    const permitted = permitAction(call, null)
    if (!permitted.ok) return permitted
    const asked = listPage(call.input)
    if (!asked.ok) return asked
    const request = { ...asked.value, prefix: call.input.QueueNamePrefix ?? "" }
    const page = await listReadable(call, "queue", request, (part) =>
      callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listQueues(part))),
    )
    if (!page.ok) return err(sqsFailureOf(page.error))
    const urls = page.value.items.map(({ name }) => queueUrl(call, name))
    return ok({ ...(urls.length === 0 ? {} : { QueueUrls: urls }), ...nextToken(call.input, page.value.cursor) })
  },
}
