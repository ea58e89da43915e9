import type { Failure } from "../errors.ts"
import { GROUP_METADATA_TTL_MS, MAX_GROUP_PARTITIONS } from "../limits.ts"
import type { Subscription } from "./commands.ts"
import type { StoredAssignment, TopicInfo } from "./coordination.ts"
import type { Holdings } from "./holdings.ts"
import type { Members } from "./members.ts"
import { PatternMatches } from "./pattern-matches.ts"
import type { GroupSettings } from "./settings.ts"
import { decodeTopic, encodeTopic } from "./stored.ts"
import { type Begin, isSeeking, Slot, Topic } from "./topic.ts"

/** The topics that a group knows: those of its members, and those where it may have an offset from earlier. */
export class Topics {
  readonly #holdings: Holdings
  readonly #type: GroupSettings["type"]
  readonly #byName = new Map<string, Topic>()
  readonly #removed = new Set<string>()
  /** Topics for whose partitions there was no room, and for how many. */
  readonly #refused = new Map<string, number>()
  readonly #matches = new PatternMatches(this.#byName)
  /** When topics were looked for that are not there. */
  readonly #missing = new Map<string, number>()

  constructor(stored: readonly StoredAssignment[], holdings: Holdings, type: GroupSettings["type"]) {
    this.#holdings = holdings
    this.#type = type
    for (const assignment of stored) {
      const topic = decodeTopic(assignment)
      this.#byName.set(topic.name, topic)
      holdings.restore(topic.slots)
      // other plans that a rebalance had are made again
      for (const slot of topic.slots) slot.isDeferred = isSeeking(slot)
    }
  }

  get size(): number {
    return this.#byName.size
  }

  all(): IterableIterator<Topic> {
    return this.#byName.values()
  }

  get(name: string): Topic | null {
    return this.#byName.get(name) ?? null
  }

  /** Whether the catalog has not been asked for it yet. */
  isUnasked(name: string): boolean {
    return !this.#missing.has(name) && (this.get(name)?.incarnation ?? 0) === 0
  }

  /** Whether it was looked for a moment ago, and is not there. */
  wasMissing(name: string, now: number): boolean {
    const missingAt = this.#missing.get(name)
    return missingAt !== undefined && now - missingAt < GROUP_METADATA_TTL_MS
  }

  /** Topics that had no room; it may have come by now where others are gone. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused
  }

  /** Whether there is a topic that was named and not looked up. */
  get hasNamed(): boolean {
    return [...this.#byName.values()].some(({ incarnation }) => incarnation === 0)
  }

  /** Why one of these can't be taken in, or null where they can, as far as is known. */
  checkRoom(names: readonly string[]): Failure | null {
    const refused = names.find((name) => this.#isRefused(name))
    const added = names.filter((name) => !this.#byName.has(name)).length
    if (refused === undefined && (added === 0 || this.size + added <= MAX_GROUP_PARTITIONS)) return null
    const what = refused ?? "topics"
    return {
      code: "conflict",
      detail: `no room for ${what}: a group divides at most ${MAX_GROUP_PARTITIONS} partitions`,
    }
  }

  /** Remembers a topic by its name, until it is looked up. */
  name(name: string): void {
    if (!this.#byName.has(name)) this.#put(new Topic(name, 0, 0, []))
  }

  /** Topics of a subscription. */
  matching({ topics, patterns }: Subscription): ReadonlySet<Topic> {
    const seen = new Set<Topic>()
    for (const name of topics) {
      const topic = this.#byName.get(name)
      if (topic) seen.add(topic)
    }
    for (const pattern of patterns) for (const topic of this.#matches.of(pattern)) seen.add(topic)
    return seen
  }

  /** Topics that a pattern matches. */
  matched(pattern: string): ReadonlySet<Topic> {
    return this.#matches.of(pattern)
  }

  /** Whether the group cares for a topic that the catalog has. */
  isWanted(name: string, members: Members): boolean {
    if (this.#byName.has(name) || members.names.has(name)) return true
    return [...members.patterns.keys()].some((pattern) => this.#matches.isMatch(pattern, name))
  }

  /** Takes over what the catalog says. Answers whether there are other partitions than before. */
  note(info: TopicInfo, usedEpoch: number): boolean {
    this.#missing.delete(info.name)
    const known = this.#byName.get(info.name)
    if (!known || known.incarnation < info.incarnation) return this.#begin(info, known ?? null, usedEpoch)
    if (known.incarnation > info.incarnation || known.version > info.version) return false
    known.version = info.version
    if (known.growths.length < info.growths.length) this.#noteGrowths(known, info)
    return this.#extend(known, info.partitions, "earliest", 0)
  }

  /** Notes that a topic is not there. Answers whether it was. */
  gone(name: string, now: number): boolean {
    if (this.#missing.size >= MAX_GROUP_PARTITIONS) this.#missing.clear()
    this.#missing.set(name, now)
    return this.drop(name)
  }

  /** Forgets that a topic had no room: nobody wants it any more. */
  allow(name: string): void {
    if (!this.#byName.has(name)) this.#refused.delete(name)
  }

  /** Forgets a topic. Answers whether it was known. */
  drop(name: string): boolean {
    const topic = this.#byName.get(name)
    this.#refused.delete(name)
    if (!topic) return false
    this.#holdings.remove(topic.slots)
    this.#holdings.changedTopics.delete(topic)
    this.#byName.delete(name)
    this.#matches.remove(topic)
    this.#removed.add(name)
    return true
  }

  /** Rows that changed since the last time. */
  takeChanges(): { readonly written: StoredAssignment[]; readonly removed: string[] } {
    const written = [...this.#holdings.changedTopics].map(encodeTopic)
    const removed = [...this.#removed]
    this.#holdings.changedTopics.clear()
    this.#removed.clear()
    return { written, removed }
  }

  /** A first sight of the topic, or of another of its name: every partition begins as the settings say. */
  #begin(info: TopicInfo, before: Topic | null, usedEpoch: number): boolean {
    if (before) this.drop(before.name)
    const topic = new Topic(info.name, info.incarnation, info.version, info.growths)
    this.#put(topic)
    // a zombie of the topic before must not be taken for an owner in this one
    const hasFit = this.#extend(topic, info.partitions, "policy", before ? usedEpoch : 0)
    if (!hasFit) {
      this.drop(info.name)
      this.#refused.set(info.name, info.partitions)
    }
    return hasFit || before !== null
  }

  /** Owners may have a limit now, by barriers that were not there when the partitions were seen last. */
  #noteGrowths(topic: Topic, { growths }: TopicInfo): void {
    topic.growths = growths
    for (const slot of topic.slots) {
      slot.sight = null
      slot.retryAt = 0
    }
    this.#holdings.addWork(topic.slots)
    this.#holdings.changedTopics.add(topic)
  }

  #put(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#matches.add(topic)
    this.#removed.delete(topic.name)
    this.#holdings.changedTopics.add(topic)
  }

  #extend(topic: Topic, partitions: number, begin: Begin, epoch: number): boolean {
    const added = partitions - topic.slots.length
    if (added <= 0) return false
    if (this.#countSlots() + added > MAX_GROUP_PARTITIONS) {
      this.#refused.set(topic.name, added)
      return false
    }
    this.#refused.delete(topic.name)
    const state = this.#type === "share" ? "opening" : "free"
    const slots = Array.from({ length: added }, (_, index) => {
      return new Slot(topic, topic.slots.length + index, begin, epoch, { state })
    })
    topic.slots.push(...slots)
    this.#holdings.add(slots)
    this.#holdings.changedTopics.add(topic)
    return true
  }

  #isRefused(name: string): boolean {
    const partitions = this.#refused.get(name)
    return partitions !== undefined && this.#countSlots() + partitions > MAX_GROUP_PARTITIONS
  }

  #countSlots(): number {
    let count = 0
    for (const { slots } of this.#byName.values()) count += slots.length
    return count
  }
}
