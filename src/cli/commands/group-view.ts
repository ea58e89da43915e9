import type { GroupView } from "../../client/index.ts"
import type { Cell } from "../table.ts"
import { formatInstant } from "../units.ts"
import { settingPairs } from "./queue-view.ts"

/** Name and settings of a group, for people. */
export function groupSettingPairs({
  name,
  settings,
  createdAt,
  updatedAt,
}: GroupView): readonly (readonly [string, Cell])[] {
  return [
    ["name", name],
    ...settingPairs(settings),
    ["createdAt", formatInstant(createdAt)],
    ["updatedAt", formatInstant(updatedAt)],
  ]
}
