import { group } from "../command.ts"
import { topicCreate } from "./topic-create.ts"
import { topicDelete, topicGet, topicList, topicStats } from "./topic-list.ts"
import { topicProduce } from "./topic-produce.ts"
import { topicTail } from "./topic-tail.ts"

/** `millrace topic …`. */
export const topicCommands = group("topic", "Event streams", [
  topicCreate,
  topicList,
  topicGet,
  topicStats,
  topicProduce,
  topicTail,
  topicDelete,
])
