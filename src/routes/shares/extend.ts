import { shareExtendSchema } from "./schemas.ts"
import { shareSettleOperation } from "./settle.ts"

/** `POST /v1/topics/:topic/share/:group/extend` */
export const extendShare = shareSettleOperation(
  "extend",
  "Keep records of a share group locked for longer",
  shareExtendSchema,
)
