import { ok } from "../../../core/result.ts"
import { tagsOf } from "../../../protocol/sqs/annotations.ts"
import { removeTags } from "../../../protocol/sqs/tags.ts"
import type { SqsAction } from "./action.ts"
import { changeQueue } from "./queue.ts"

export const untagQueue: SqsAction<"UntagQueue"> = {
  name: "UntagQueue",
  async handle(call) {
    const changed = await changeQueue(call, ({ settings }) => {
      const annotations = removeTags(call.input.TagKeys, tagsOf(settings))
      if (!annotations.ok) return annotations
      return ok(annotations.value && { annotations: annotations.value })
    })
    return changed.ok ? ok(null) : changed
  },
}
