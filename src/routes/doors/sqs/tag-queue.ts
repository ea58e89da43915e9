import { ok } from "../../../core/result.ts"
import { tagsOf } from "../../../protocol/sqs/annotations.ts"
import { missingParameter } from "../../../protocol/sqs/errors.ts"
import { addTags } from "../../../protocol/sqs/tags.ts"
import type { SqsAction } from "./action.ts"
import { changeQueue } from "./queue.ts"

export const tagQueue: SqsAction<"TagQueue"> = {
  name: "TagQueue",
  async handle(call) {
    const { Tags: tags } = call.input
    if (Object.keys(tags).length === 0) return missingParameter("Tags")
    const changed = await changeQueue(call, ({ name, settings }) => {
      const annotations = addTags(name, tags, tagsOf(settings))
      return annotations.ok ? ok({ annotations: annotations.value }) : annotations
    })
    return changed.ok ? ok(null) : changed
  },
}
