import { extendSchema } from "./schemas.ts"
import { settleOperation } from "./settle.ts"

/** `POST /v1/queues/:queue/extend` */
export const extendMessages = settleOperation("extend", "Hold messages for longer, from now on", extendSchema)
