import type { SqsAction } from "./action.ts"
import { DELETION, settleBatch } from "./settle.ts"

export const deleteMessageBatch: SqsAction<"DeleteMessageBatch"> = {
  name: "DeleteMessageBatch",
  handle: (call) => settleBatch(call, call.input.Entries, DELETION),
}
