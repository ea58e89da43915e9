import { shareAckSchema } from "./schemas.ts"
import { shareSettleOperation } from "./settle.ts"

/** `POST /v1/topics/:topic/share/:group/ack` */
export const ackShare = shareSettleOperation(
  "ack",
  "Acknowledge records of a share group: they are done for it",
  shareAckSchema,
)
