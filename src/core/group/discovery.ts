import type { TopicInfo, TopicLookup } from "./coordination.ts"
import type { Lookups } from "./lookups.ts"
import type { Board } from "./rebalance.ts"
import type { GroupSettings } from "./settings.ts"

/** What to ask the catalog now, or null for nothing. */
export function question(
  { members, topics }: Board,
  lookups: Lookups,
  type: GroupSettings["type"],
): TopicLookup | null {
  const names = new Set([...members.names.keys(), ...lookups.suspects])
  for (const { name, incarnation } of topics.all()) {
    // of a share group all topics are in use; and where there is no room, some that are not may be gone
    if (incarnation === 0 || type === "share" || topics.refused.size > 0) names.add(name)
  }
  for (const name of topics.refused.keys()) names.add(name)
  const patterns = [...members.patterns.keys()]
  return names.size + patterns.length > 0 ? { topics: [...names], patterns } : null
}

/** Takes over the answer to a question. Answers whether there are other partitions than before. */
export function takeOver(board: Board, asked: TopicLookup, found: readonly TopicInfo[], now: number): boolean {
  const { members, topics, epoch } = board
  const names = new Set(found.map(({ name }) => name))
  const gone = new Set(asked.topics)
  for (const { name } of topics.matching({ topics: [], patterns: asked.patterns })) gone.add(name)
  let isChanged = false
  for (const name of gone) if (!names.has(name) && topics.gone(name, now)) isChanged = true
  for (const info of found) {
    if (!topics.isWanted(info.name, members)) topics.allow(info.name)
    else if (topics.note(info, epoch.value)) isChanged = true
  }
  return isChanged
}
