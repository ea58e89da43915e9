/** A member as an assignor sees it. Members with equal subscriptions share one array. */
export interface Claim {
  /** Topics that it subscribes to, by their index, each once. */
  readonly topics: readonly number[]
}

/** A topic as an assignor sees it: to whom each partition goes so far, by the member's index, or -1 for nobody. */
export type Shares = readonly number[]

/** Who gets what: for each topic and partition the member's index, or -1 for nobody. */
export type Division = number[][]

/** Topics with the same subscribers: their partitions are as good as each other. */
export interface Pool {
  /** Members by their index, in order. */
  readonly subscribers: readonly number[]
  readonly topics: number[]
}

/** All topics by who subscribes to them, and the pool of each. */
export function poolsOf(
  claims: readonly Claim[],
  topics: number,
): { readonly pools: Pool[]; readonly poolOf: number[] } {
  const classes = new Map<readonly number[], number[]>()
  for (const [member, claim] of claims.entries()) {
    const alike = classes.get(claim.topics)
    if (alike) alike.push(member)
    else classes.set(claim.topics, [member])
  }
  const subscribing = Array.from({ length: topics }, (): number[] => [])
  for (const [index, wanted] of [...classes.keys()].entries())
    for (const topic of wanted) subscribing[topic]!.push(index)
  const members = [...classes.values()]
  const byKey = new Map<string, number>()
  const pools: Pool[] = []
  const poolOf = subscribing.map((indexes, topic) => {
    const key = indexes.join()
    const pool = byKey.get(key) ?? pools.length
    if (pool === pools.length) {
      byKey.set(key, pool)
      pools.push({ subscribers: indexes.flatMap((index) => members[index]!).sort((a, b) => a - b), topics: [] })
    }
    pools[pool]!.topics.push(topic)
    return pool
  })
  return { pools, poolOf }
}
