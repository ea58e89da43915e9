import { type Claim, type Division, poolsOf, type Shares } from "./assignor.ts"

/** Gives each member a run of every topic that it subscribes to; the first members have one partition more. */
export function assignRange(claims: readonly Claim[], topics: readonly Shares[]): Division {
  const { pools, poolOf } = poolsOf(claims, topics.length)
  return topics.map(({ length }, topic) => {
    const members = pools[poolOf[topic]!]!.subscribers
    if (members.length === 0) return Array.from({ length }, () => -1)
    const each = Math.floor(length / members.length)
    const longer = length % members.length
    return members.flatMap((member, index) => Array.from({ length: each + (index < longer ? 1 : 0) }, () => member))
  })
}
