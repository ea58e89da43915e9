import { type Claim, poolsOf } from "./assignor.ts"

/** One partition of a topic, both by index. */
export interface Place {
  readonly topic: number
  readonly partition: number
}

/**
 * Spreads the partitions of each topic over its members, for each member: every partition has one at least, and every
 * member has one at least of each topic that it subscribes to. `partitions` says how many each topic has.
 */
export function assignShared(claims: readonly Claim[], partitions: readonly number[]): Place[][] {
  const places: Place[][] = claims.map(() => [])
  const { pools, poolOf } = poolsOf(claims, partitions.length)
  // where the round of one topic ends that of the next begins, so that the first members don't get all that is odd
  let turn = 0
  for (const [topic, count] of partitions.entries()) {
    const members = pools[poolOf[topic]!]!.subscribers
    if (count === 0 || members.length === 0) continue
    for (let round = 0; round < Math.max(count, members.length); round++) {
      const member = members[(turn + round) % members.length]!
      places[member]!.push({ topic, partition: round % count })
    }
    turn += count
  }
  return places
}
