import { MAX_BALANCE_STEPS } from "../limits.ts"
import { type Claim, type Division, type Pool, poolsOf, type Shares } from "./assignor.ts"

/**
 * Divides partitions evenly, and leaves to members what they have as far as that allows: nobody has two more than
 * another who could take one of them over, be it by way of others. What is so already stays as it is.
 */
export function assignUniform(claims: readonly Claim[], topics: readonly Shares[]): Division {
  const balance = new Balance(claims, topics)
  balance.keep(topics)
  balance.fill()
  balance.even()
  return balance.division
}

type Place = readonly [topic: number, partition: number]

/** How a member was reached on the way from one with too much: who could give it a partition, and out of which pool. */
interface Step {
  readonly from: number
  readonly pool: number
}

class Balance {
  readonly division: Division
  readonly #pools: readonly Pool[]
  readonly #poolOf: readonly number[]
  /** What each member has, by pool; what it had before stands first. */
  readonly #held: readonly Map<number, Place[]>[]
  readonly #load: Int32Array
  #steps = 0

  constructor(claims: readonly Claim[], topics: readonly Shares[]) {
    const { pools, poolOf } = poolsOf(claims, topics.length)
    this.#pools = pools
    this.#poolOf = poolOf
    this.division = topics.map(({ length }) => Array.from({ length }, () => -1))
    this.#held = claims.map(() => new Map<number, Place[]>())
    this.#load = new Int32Array(claims.length)
  }

  /** Leaves partitions where they are, if they may be there. */
  keep(topics: readonly Shares[]): void {
    const subscribers = this.#pools.map((pool) => new Set(pool.subscribers))
    for (const [topic, shares] of topics.entries()) {
      const mayHave = subscribers[this.#poolOf[topic]!]!
      for (const [partition, member] of shares.entries())
        if (mayHave.has(member)) this.#give(member, [topic, partition])
    }
  }

  /** Gives what nobody has to who has least, beginning where the fewest could take it. */
  fill(): void {
    const pools = [...this.#pools].sort((a, b) => a.subscribers.length - b.subscribers.length)
    for (const { subscribers, topics } of pools) {
      if (subscribers.length === 0) continue
      for (const topic of topics) {
        for (const [partition, member] of this.division[topic]!.entries()) {
          if (member < 0) this.#give(this.#least(subscribers), [topic, partition])
        }
      }
    }
  }

  /** Moves partitions from those with most to those with least, for as long as there is a way. */
  even(): void {
    const isDone = Array.from(this.#load, () => false)
    while (this.#steps < MAX_BALANCE_STEPS) {
      const most = this.#most(isDone)
      if (most < 0) return
      const reached = new Map<number, Step | null>([[most, null]])
      const least = this.#reach(most, reached, isDone)
      if (least >= 0) this.#shift(least, reached)
      // there is no way out of these for anybody who has no more than the first
      else for (const member of reached.keys()) isDone[member] = true
    }
  }

  /** Looks for the way to a member with less by two at least; -1 where there is none. */
  #reach(most: number, reached: Map<number, Step | null>, isDone: readonly boolean[]): number {
    const seen = new Set<number>()
    const enough = this.#load[most]! - 2
    // a map goes on with what is added meanwhile
    for (const from of reached.keys()) {
      for (const [pool, places] of this.#held[from]!) {
        if (places.length === 0 || seen.has(pool)) continue
        seen.add(pool)
        const { subscribers } = this.#pools[pool]!
        this.#steps += subscribers.length
        const least = this.#least(subscribers)
        if (this.#load[least]! <= enough) {
          if (!reached.has(least)) reached.set(least, { from, pool })
          return least
        }
        for (const member of subscribers) {
          if (!isDone[member] && !reached.has(member)) reached.set(member, { from, pool })
        }
      }
    }
    return -1
  }

  /** Hands partitions on along the way to `last`. */
  #shift(last: number, reached: ReadonlyMap<number, Step | null>): void {
    let to = last
    for (let step = reached.get(to); step; step = reached.get(to)) {
      const place = this.#held[step.from]!.get(step.pool)!.pop()!
      this.#load[step.from]!--
      this.#give(to, place)
      to = step.from
    }
  }

  #give(member: number, place: Place): void {
    const [topic, partition] = place
    this.division[topic]![partition] = member
    this.#load[member]!++
    const held = this.#held[member]!
    const pool = this.#poolOf[topic]!
    const places = held.get(pool)
    if (places) places.push(place)
    else held.set(pool, [place])
  }

  #least(members: readonly number[]): number {
    const load = this.#load
    let least = members[0]!
    for (const member of members) if (load[member]! < load[least]!) least = member
    return least
  }

  #most(isDone: readonly boolean[]): number {
    const load = this.#load
    let most = -1
    for (let member = 0; member < load.length; member++) {
      if (!isDone[member] && (most < 0 || load[member]! > load[most]!)) most = member
    }
    this.#steps += load.length
    return most
  }
}
