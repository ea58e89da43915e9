import type { Failure } from "../errors.ts"
import { err, ok, type Result } from "../result.ts"
import type { SeekTarget } from "../stream/group-commands.ts"
import type { Board } from "./rebalance.ts"
import { destinedTo, isSeeking } from "./topic.ts"

/** Grants partitions (null: all of the topic) anew to whoever has them, or to nobody, with their offset moved. */
export function seekSlots(
  board: Board,
  name: string,
  partitions: readonly number[] | null,
  target: SeekTarget,
): Result<null, Failure> {
  const { holdings, members, epoch } = board
  const topic = board.topics.get(name)!
  const slots = partitions === null ? topic.slots : partitions.map((partition) => topic.slots[partition])
  const missing = slots.indexOf(undefined)
  if (missing >= 0) return err({ code: "not_found", resource: "partition", name: `${name}/${partitions?.[missing]}` })
  const chosen = new Set(slots.filter((slot) => slot !== undefined))
  if ([...chosen].some(isSeeking)) return err({ code: "conflict", detail: `a seek in ${name} is under way` })
  const above = epoch.raise()
  for (const slot of chosen) {
    const owner = destinedTo(slot.state)
    holdings.grant(slot, owner !== null && members.get(owner) ? owner : null, above, target)
    slot.sight = null
  }
  // what the group has passed once may lie before it again
  topic.passed = 0
  topic.pollAt = 0
  if (topic.growths.length > 0) holdings.addWork(topic.slots)
  return ok(null)
}
