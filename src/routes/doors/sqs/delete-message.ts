import type { SqsAction } from "./action.ts"
import { DELETION, settleOne } from "./settle.ts"

export const deleteMessage: SqsAction<"DeleteMessage"> = {
  name: "DeleteMessage",
  handle: (call) => settleOne(call, call.input, DELETION),
}
