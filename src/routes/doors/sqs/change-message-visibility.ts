import type { SqsAction } from "./action.ts"
import { CHANGE, settleOne } from "./settle.ts"

export const changeMessageVisibility: SqsAction<"ChangeMessageVisibility"> = {
  name: "ChangeMessageVisibility",
  handle: (call) => settleOne(call, call.input, CHANGE),
}
