import type { Claim } from "./assignor.ts"
import type { Subscription } from "./commands.ts"
import { type Member, type Members, subscriptionKey } from "./members.ts"
import type { Topic } from "./topic.ts"
import type { Topics } from "./topics.ts"

/** Members and the topics that they subscribe to, as an assignor takes them: by their place in these lists. */
export interface Claims {
  readonly members: readonly Member[]
  readonly topics: readonly Topic[]
  readonly claims: readonly Claim[]
}

/** Who may have what. Static members come first, by name; then the others, as they joined. */
export function claimsOf(members: Members, known: Topics): Claims {
  const ordered = members.all().sort(byInstance)
  const topics: Topic[] = []
  const indexes = new Map<Topic, number>()
  const indexOf = (topic: Topic): number => {
    const index = indexes.get(topic) ?? topics.push(topic) - 1
    indexes.set(topic, index)
    return index
  }
  const union = unionOf(known)
  const byKey = new Map<string, Claim>()
  const claims = ordered.map(({ subscription }) => {
    const key = subscriptionKey(subscription)
    const claim = byKey.get(key) ?? { topics: union(subscription).map(indexOf) }
    byKey.set(key, claim)
    return claim
  })
  return { members: ordered, topics, claims }
}

/** The topics of a subscription, by bit sets: a thousand members may each have a hundred patterns. */
function unionOf(known: Topics): (subscription: Subscription) => Topic[] {
  const all = [...known.all()]
  const indexes = new Map(all.map((topic, index) => [topic, index]))
  const byPattern = new Map<string, Uint32Array>()
  const bitsOf = (pattern: string): Uint32Array => {
    const bits = byPattern.get(pattern) ?? bitSet(known.matched(pattern), indexes)
    byPattern.set(pattern, bits)
    return bits
  }
  return ({ topics, patterns }) => {
    const named = topics.map((name) => known.get(name)).filter((topic) => topic !== null)
    const union = bitSet(named, indexes)
    for (const pattern of patterns) for (const [word, bits] of bitsOf(pattern).entries()) union[word]! |= bits
    return all.filter((_, index) => (union[index >>> 5]! & (1 << (index & 31))) !== 0)
  }
}

function bitSet(topics: Iterable<Topic>, indexes: ReadonlyMap<Topic, number>): Uint32Array {
  const bits = new Uint32Array(Math.ceil(indexes.size / 32))
  for (const topic of topics) {
    const index = indexes.get(topic)!
    bits[index >>> 5]! |= 1 << (index & 31)
  }
  return bits
}

function byInstance(a: Member, b: Member): number {
  if (a.instanceId === null || b.instanceId === null)
    return Number(a.instanceId === null) - Number(b.instanceId === null)
  return a.instanceId < b.instanceId ? -1 : 1
}
