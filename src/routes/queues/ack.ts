import { ackSchema } from "./schemas.ts"
import { settleOperation } from "./settle.ts"

/** `POST /v1/queues/:queue/ack` */
export const ackMessages = settleOperation("ack", "Acknowledge messages: they are done", ackSchema)
