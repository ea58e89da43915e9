import type { TopicView } from "../../client/index.ts"
import type { Cell } from "../table.ts"
import { formatInstant } from "../units.ts"
import { settingPairs } from "./queue-view.ts"

/** Name and settings of a topic, for people. */
export function topicSettingPairs({
  name,
  settings,
  createdAt,
  updatedAt,
}: TopicView): readonly (readonly [string, Cell])[] {
  return [
    ["name", name],
    ...settingPairs(settings),
    ["createdAt", formatInstant(createdAt)],
    ["updatedAt", formatInstant(updatedAt)],
  ]
}
