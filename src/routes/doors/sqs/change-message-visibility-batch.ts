import type { SqsAction } from "./action.ts"
import { CHANGE, settleBatch } from "./settle.ts"

export const changeMessageVisibilityBatch: SqsAction<"ChangeMessageVisibilityBatch"> = {
  name: "ChangeMessageVisibilityBatch",
  handle: (call) => settleBatch(call, call.input.Entries, CHANGE),
}
