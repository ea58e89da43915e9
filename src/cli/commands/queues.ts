import { group } from "../command.ts"
import { queueCreate } from "./queue-create.ts"
import { queueDelete } from "./queue-delete.ts"
import { queueList } from "./queue-list.ts"
import { queuePeek } from "./queue-peek.ts"
import { queuePurge } from "./queue-purge.ts"
import { queueReceive } from "./queue-receive.ts"
import { queueRedrive } from "./queue-redrive.ts"
import { queueSend } from "./queue-send.ts"
import { queueGet, queueStats } from "./queue-stats.ts"

/** `millrace queue …`. */
export const queueCommands = group("queue", "Message queues", [
  queueCreate,
  queueList,
  queueGet,
  queueStats,
  queueSend,
  queueReceive,
  queuePeek,
  queuePurge,
  queueRedrive,
  queueDelete,
])
