import { matchesPattern } from "../../src/core/group/glob.ts"
import type { Subscription } from "../../src/core/group/commands.ts"
import type { Assignor } from "../../src/core/group/settings.ts"
import type { Ledger } from "./ledger.ts"
import type { SimMember } from "./sim-member.ts"
import type { SimTopic } from "./sim-topic.ts"

/** A group after its troubles. */
export interface Aftermath {
  readonly topics: readonly SimTopic[]
  /** Those that are still there. */
  readonly members: readonly SimMember[]
  readonly assignor: Assignor
  readonly ledger: Ledger
}

/** How many partitions of each topic a member works on. */
type Loads = ReadonlyMap<SimMember, Map<string, number>>

/**
 * What is not as it should be, or null: every partition has one owner, who works on it under the epoch that the
 * partition knows and has come to its end, and nobody has more than others who want the same.
 */
export function unsettled({ topics, members, assignor, ledger }: Aftermath): string | null {
  const loads: Loads = new Map(members.map((member) => [member, new Map<string, number>()]))
  for (const topic of topics) {
    const subscribers = members.filter(({ subscription }) => isIn(subscription, topic.name))
    if (subscribers.length === 0) continue
    for (const { name, endOffset } of topic.partitions) {
      const { memberId, epoch, committed } = ledger.stateOf(name)
      const owners = subscribers.filter((member) => member.memberId === memberId && member.work.get(name) === epoch)
      if (owners.length !== 1) return `${name} is with ${memberId} at ${epoch}, and ${owners.length} work on it`
      if (committed !== endOffset) return `${name} is at ${committed} of ${endOffset}`
      const load = loads.get(owners[0]!)!
      load.set(topic.name, (load.get(topic.name) ?? 0) + 1)
    }
  }
  // ranges are dealt topic by topic
  if (assignor === "uniform") return unfair(loads, (load) => [...load.values()].reduce((sum, count) => sum + count, 0))
  const failures = topics.map(({ name }) => unfair(loads, (load) => load.get(name) ?? 0))
  return failures.find((failure) => failure !== null) ?? null
}

function unfair(loads: Loads, countOf: (load: ReadonlyMap<string, number>) => number): string | null {
  const bySubscription = new Map<Subscription, number[]>()
  for (const [{ subscription }, load] of loads) {
    bySubscription.set(subscription, [...(bySubscription.get(subscription) ?? []), countOf(load)])
  }
  const unequal = [...bySubscription.values()].find((counts) => Math.max(...counts) - Math.min(...counts) > 1)
  return unequal ? `loads of ${unequal.join()}` : null
}

function isIn({ topics, patterns }: Subscription, topic: string): boolean {
  return topics.includes(topic) || patterns.some((pattern) => matchesPattern(pattern, topic))
}
