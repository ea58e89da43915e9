import type { Failure } from "../errors.ts"
import { MAX_GROUP_MEMBERS, MAX_GROUP_PARTITIONS, MAX_GROUP_PATTERNS, MAX_SUBSCRIBED_TOPICS } from "../limits.ts"
import type { Subscription } from "./commands.ts"
import type { StoredMember } from "./coordination.ts"

/** One member of a group. */
export interface Member extends StoredMember {
  subscription: Subscription
  /** As it is stored. */
  heardAt: number
  /** In memory. */
  lastHeardAt: number
  /** Whether a rebalance has seen it with this subscription. */
  isPlaced: boolean
  /** Whether it waits, as its watchers were told. */
  wasWaiting: boolean
}

/** How many want each of some strings. */
type Counts = ReadonlyMap<string, number>

/** The members of a group. */
export class Members {
  readonly #byId = new Map<string, Member>()
  readonly #byInstance = new Map<string, Member>()
  readonly #names = new Map<string, number>()
  readonly #patterns = new Map<string, number>()
  readonly #written = new Set<string>()
  readonly #removed = new Set<string>()
  #expelled: string[] = []

  constructor(stored: readonly StoredMember[], isPlaced: boolean, heardAt: (member: StoredMember) => number) {
    for (const member of stored) this.#link({ ...member, lastHeardAt: heardAt(member), isPlaced, wasWaiting: true })
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Member | null {
    return this.#byId.get(id) ?? null
  }

  /** The static member of this name, or null. */
  ofInstance(instanceId: string | null): Member | null {
    return (instanceId !== null && this.#byInstance.get(instanceId)) || null
  }

  /** In the order in which they joined. */
  all(): Member[] {
    return [...this.#byId.values()].sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1))
  }

  /** Topics that are named, and by how many. */
  get names(): Counts {
    return this.#names
  }

  get patterns(): Counts {
    return this.#patterns
  }

  /** Why the group has no room for one more, `leaving` gone; or null where it has. */
  checkRoom(leaving: Member | null): Failure | null {
    if (this.size - (leaving ? 1 : 0) < MAX_GROUP_MEMBERS) return null
    return conflict(`a group has at most ${MAX_GROUP_MEMBERS} members`)
  }

  /** Why the group can't serve a subscription besides those it has, or null where it can. */
  checkSubscription({ topics, patterns }: Subscription): Failure | null {
    if (Math.max(topics.length, patterns.length) > MAX_SUBSCRIBED_TOPICS) {
      return conflict(`a subscription has at most ${MAX_SUBSCRIBED_TOPICS} topics and as many patterns`)
    }
    if (sizeWith(this.#patterns, patterns) > MAX_GROUP_PATTERNS) {
      return conflict(`the members of a group have at most ${MAX_GROUP_PATTERNS} patterns in all`)
    }
    if (sizeWith(this.#names, topics) <= MAX_GROUP_PARTITIONS) return null
    return conflict(`the members of a group name at most ${MAX_GROUP_PARTITIONS} topics in all`)
  }

  add(stored: StoredMember, isPlaced: boolean): Member {
    const member = { ...stored, lastHeardAt: stored.heardAt, isPlaced, wasWaiting: true }
    this.#link(member)
    this.#written.add(member.id)
    this.#removed.delete(member.id)
    return member
  }

  /** Notes that a member is there, and whether that is to be stored. */
  hear(member: Member, now: number, isStored: boolean): void {
    member.lastHeardAt = now
    if (isStored) this.#written.add(member.id)
  }

  subscribe(member: Member, subscription: Subscription): void {
    this.#count(member.subscription, -1)
    member.subscription = subscription
    member.isPlaced = false
    this.#count(subscription, 1)
    this.#written.add(member.id)
  }

  remove(member: Member): void {
    this.#byId.delete(member.id)
    if (this.ofInstance(member.instanceId) === member) this.#byInstance.delete(member.instanceId!)
    this.#count(member.subscription, -1)
    this.#written.delete(member.id)
    this.#removed.add(member.id)
    this.#expelled.push(member.id)
  }

  /** A rebalance saw everyone. Answers whom it saw for the first time. */
  place(): string[] {
    const placed = [...this.#byId.values()].filter(({ isPlaced }) => !isPlaced)
    for (const member of placed) member.isPlaced = true
    return placed.map(({ id }) => id)
  }

  /** Those that were not heard of since `instant`. */
  silentSince(instant: number): Member[] {
    return [...this.#byId.values()].filter(({ lastHeardAt }) => lastHeardAt <= instant)
  }

  /** When one was heard of longest ago, or null without members. */
  get oldestHeardAt(): number | null {
    let oldest: number | null = null
    for (const { lastHeardAt } of this.#byId.values()) oldest = Math.min(oldest ?? lastHeardAt, lastHeardAt)
    return oldest
  }

  /** Those that are out since the last time. */
  takeExpelled(): string[] {
    const expelled = this.#expelled
    this.#expelled = []
    return expelled
  }

  /** What changed since the last time. */
  takeChanges(): { readonly written: StoredMember[]; readonly removed: string[] } {
    const written = [...this.#written].map((id) => toStored(this.#byId.get(id)!))
    const removed = [...this.#removed]
    this.#written.clear()
    this.#removed.clear()
    return { written, removed }
  }

  #link(member: Member): void {
    this.#byId.set(member.id, member)
    if (member.instanceId !== null) this.#byInstance.set(member.instanceId, member)
    this.#count(member.subscription, 1)
  }

  #count({ topics, patterns }: Subscription, by: 1 | -1): void {
    countAll(this.#names, topics, by)
    countAll(this.#patterns, patterns, by)
  }
}

/** How many strings are wanted, with these. */
function sizeWith(counts: Counts, strings: readonly string[]): number {
  return counts.size + new Set(strings.filter((string) => !counts.has(string))).size
}

function countAll(counts: Map<string, number>, strings: readonly string[], by: 1 | -1): void {
  for (const string of strings) {
    const count = (counts.get(string) ?? 0) + by
    if (count > 0) counts.set(string, count)
    else counts.delete(string)
  }
}

/** Whether two subscriptions want the same. */
export function isSameSubscription(a: Subscription, b: Subscription): boolean {
  return subscriptionKey(a) === subscriptionKey(b)
}

/** The same for all subscriptions that want the same. */
export function subscriptionKey({ topics, patterns }: Subscription): string {
  return JSON.stringify([[...new Set(topics)].sort(), [...new Set(patterns)].sort()])
}

/** A row that is written anyway says when the member was heard of. */
function toStored(member: Member): StoredMember {
  member.heardAt = member.lastHeardAt
  const { id, instanceId, subscription, joinedAt, heardAt } = member
  return { id, instanceId, subscription, joinedAt, heardAt }
}

function conflict(detail: string): Failure {
  return { code: "conflict", detail }
}
