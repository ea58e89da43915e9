import { nackSchema } from "./schemas.ts"
import { settleOperation } from "./settle.ts"

/** `POST /v1/queues/:queue/nack` */
export const nackMessages = settleOperation("nack", "Give messages back, or reject them for good", nackSchema)
