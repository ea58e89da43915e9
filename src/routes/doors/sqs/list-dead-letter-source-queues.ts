import { err, ok } from "../../../core/result.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { listPage, nextToken } from "../../../protocol/sqs/list-page.ts"
import { callCatalog } from "../../objects.ts"
import { listReadable } from "../../readable-list.ts"
import type { SqsAction } from "./action.ts"
import { loadNamedQueue, queueUrl } from "./queue.ts"

/** Lists the queues whose dead letters go to this one, as far as the caller's key may read them. */
export const listDeadLetterSourceQueues: SqsAction<"ListDeadLetterSourceQueues"> = {
  name: "ListDeadLetterSourceQueues",
  async handle(call) {
    const target = await loadNamedQueue(call)
    if (!target.ok) return target
    const asked = listPage(call.input)
    if (!asked.ok) return asked
    const deadLetterQueue = target.value.name
    const page = await listReadable(call, "queue", { ...asked.value, prefix: "" }, (part) =>
      callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listQueues({ ...part, deadLetterQueue }))),
    )
    if (!page.ok) return err(sqsFailureOf(page.error))
    const queueUrls = page.value.items.map(({ name }) => queueUrl(call, name))
    return ok({ queueUrls, ...nextToken(call.input, page.value.cursor) })
  },
}
