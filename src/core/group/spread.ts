import type { TopicPartition } from "./commands.ts"
import { assignShared } from "./assign-shared.ts"
import { claimsOf } from "./claims.ts"
import type { Board } from "./rebalance.ts"
import { keyOf, type Spread } from "./views.ts"

/** Spreads the partitions of a share group over its members. */
export function spreadOut({ members, topics: known }: Board): Spread {
  const { members: ordered, topics, claims } = claimsOf(members, known)
  const partitions = topics.map(({ slots }) => slots.length)
  const places = assignShared(claims, partitions)
  return new Map(
    ordered.map(({ id }, index) => {
      return [
        id,
        places[index]!.map(({ topic, partition }) => ({ topic: topics[topic]!.name, partition })).sort(byName),
      ]
    }),
  )
}

/** Members that have other partitions than before. */
export function changedBy(before: Spread, after: Spread): string[] {
  return [...after.keys()].filter((id) => listOf(before.get(id)) !== listOf(after.get(id)))
}

function listOf(places: readonly TopicPartition[] | undefined): string {
  return (places ?? []).map(keyOf).join()
}

function byName(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}
