import { group } from "../command.ts"
import { groupCreate } from "./group-create.ts"
import { groupLag } from "./group-lag.ts"
import { groupDelete, groupGet, groupList } from "./group-list.ts"
import { groupSeek } from "./group-seek.ts"

/** `millrace group …`. */
export const groupCommands = group("group", "Consumer groups and share groups", [
  groupCreate,
  groupList,
  groupGet,
  groupLag,
  groupSeek,
  groupDelete,
])
