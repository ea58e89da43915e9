import { ok } from "../../../core/result.ts"
import { tagsOf } from "../../../protocol/sqs/annotations.ts"
import type { SqsAction } from "./action.ts"
import { loadNamedQueue } from "./queue.ts"

export const listQueueTags: SqsAction<"ListQueueTags"> = {
  name: "ListQueueTags",
  async handle(call) {
    const entry = await loadNamedQueue(call)
    if (!entry.ok) return entry
    const tags = tagsOf(entry.value.settings)
    return ok(Object.keys(tags).length === 0 ? {} : { Tags: tags })
  },
}
