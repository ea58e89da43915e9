import { shareNackSchema } from "./schemas.ts"
import { shareSettleOperation } from "./settle.ts"

/** `POST /v1/topics/:topic/share/:group/nack` */
export const nackShare = shareSettleOperation(
  "nack",
  "Hand records of a share group back, or give them up",
  shareNackSchema,
)
