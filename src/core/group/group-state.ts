import type { Failure } from "../errors.ts"
import { FIRST_GRANT_RETRY_MS, GROUP_METADATA_TTL_MS, HEARINGS_PER_SESSION, REBALANCE_DELAY_MS } from "../limits.ts"
import type { Subscription } from "./commands.ts"
import type { StoredAssignment, StoredMember, StoredStanding } from "./coordination.ts"
import { GroupEpoch } from "./group-epoch.ts"
import { Holdings } from "./holdings.ts"
import { Lookups } from "./lookups.ts"
import { type Member, Members } from "./members.ts"
import { rebalance } from "./rebalance.ts"
import type { GroupSettings } from "./settings.ts"
import { changedBy, spreadOut } from "./spread.ts"
import { Topics } from "./topics.ts"
import type { Spread, Standing } from "./views.ts"

/** What a coordinator begins with: what was stored, or nothing. */
export interface CoordinatorParts extends StoredStanding {
  readonly settings: GroupSettings
  readonly members: readonly StoredMember[]
  readonly assignments: readonly StoredAssignment[]
  readonly now: number
}

/** Everything that a coordinator knows, and when it divides the partitions anew. */
export class GroupState implements Standing {
  readonly epoch: GroupEpoch
  readonly members: Members
  readonly holdings = new Holdings()
  readonly topics: Topics
  readonly lookups = new Lookups()
  spread: Spread = new Map()
  #settings: GroupSettings
  #rebalanceAt: number | null = null
  readonly #loadedAt: number

  constructor({ settings, members, assignments, now, ...standing }: CoordinatorParts) {
    const { epoch, emptySince, restartedAt, isRebalanceOwed } = standing
    this.#settings = settings
    this.#loadedAt = now
    this.epoch = new GroupEpoch({ epoch, emptySince, restartedAt, isRebalanceOwed })
    // the first of several short-lived instances begins the sessions, and not every one after it
    if (members.length > 0) this.epoch.restartedAt ??= now
    const heardAfter = this.#hearingStepMs
    this.members = new Members(members, !isRebalanceOwed, ({ heardAt }) => {
      // it may have been heard of after it was stored last
      return Math.max(this.epoch.restartedAt ?? now, Math.min(now, heardAt + heardAfter))
    })
    this.topics = new Topics(assignments, this.holdings, settings.type)
    if (settings.type === "share") this.spread = spreadOut(this)
    if (isRebalanceOwed) this.rebalanceSoon(now)
    // whoever wanted a rebalance may have named what nobody has asked for
    if (isRebalanceOwed || this.topics.hasNamed) this.lookups.wantNew()
  }

  get settings(): GroupSettings {
    return this.#settings
  }

  set settings(settings: GroupSettings) {
    if (settings.assignor !== this.#settings.assignor) this.#rebalanceAt = 0
    this.#settings = settings
  }

  /** Collects changes for a moment: a fleet that starts is one rebalance. */
  rebalanceSoon(now: number): void {
    this.#rebalanceAt ??= now + REBALANCE_DELAY_MS
  }

  /** Notes that a member is there: in memory, but for coordinators that live too short to see a session end. */
  hear(member: Member, now: number): void {
    const { epoch, members } = this
    // this one has lived for as long as a session, and whoever was out by then is out
    if (now - this.#loadedAt >= this.#settings.sessionTimeoutMs) epoch.restartedAt = null
    const isStored = epoch.restartedAt !== null && now - member.heardAt >= this.#hearingStepMs
    members.hear(member, now, isStored)
  }

  get isRebalancing(): boolean {
    return this.#rebalanceAt !== null
  }

  /** When partitions are divided anew, or null. A first look at topics is waited for, but not for long. */
  get rebalanceDueAt(): number | null {
    if (this.#rebalanceAt === null) return null
    return this.#rebalanceAt + (this.lookups.isFirstUnderWay ? GROUP_METADATA_TTL_MS : 0)
  }

  rebalance(now: number): void {
    this.#rebalanceAt = null
    if (this.#settings.type === "share") this.#respread()
    else rebalance(this, this.#settings.assignor, now + this.#settings.rebalanceTimeoutMs)
    for (const id of this.members.place()) this.holdings.changedWaits.add(id)
  }

  /** Takes a member out: whatever it has is fenced by the next grant. */
  remove(member: Member, now: number): void {
    this.members.remove(member)
    if (this.members.size === 0) {
      this.epoch.quietSince = now
      this.epoch.restartedAt = null
    }
    this.rebalanceSoon(now)
  }

  /** Has the catalog asked where a subscription names what nobody has asked for. */
  lookFor({ topics, patterns }: Subscription): void {
    const isNew =
      this.members.size === 0 ||
      topics.some((topic) => this.topics.isUnasked(topic)) ||
      patterns.some((pattern) => !this.members.patterns.has(pattern))
    if (isNew) this.lookups.wantNew()
  }

  /** Why the group is not for this, or null where it is. */
  checkType(type: GroupSettings["type"]): Failure | null {
    if (this.#settings.type === type) return null
    return { code: "conflict", detail: `this is a ${this.#settings.type} group` }
  }

  checkSubscription(subscription: Subscription): Failure | null {
    return this.members.checkSubscription(subscription) ?? this.topics.checkRoom(subscription.topics)
  }

  /** Why nothing can be done to a topic, or not yet: then it is looked up. */
  checkTopic(name: string, now: number): Failure | null {
    const topic = this.topics.get(name)
    if (topic && topic.incarnation > 0) return null
    if (this.topics.wasMissing(name, now)) return { code: "not_found", resource: "topic", name }
    const refusal = this.topics.checkRoom([name])
    if (refusal) return refusal
    this.topics.name(name)
    this.lookups.wantNew()
    return { code: "unavailable", retryAfterMs: FIRST_GRANT_RETRY_MS }
  }

  /** How much later than stored a member may have been heard of. */
  get #hearingStepMs(): number {
    return Math.floor(this.#settings.sessionTimeoutMs / HEARINGS_PER_SESSION)
  }

  #respread(): void {
    const before = this.spread
    this.spread = spreadOut(this)
    const changed = changedBy(before, this.spread)
    if (changed.length > 0) this.epoch.raise()
    for (const id of changed) this.holdings.changedViews.add(id)
  }
}
