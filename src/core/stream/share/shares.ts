import { DeliveryState } from "../../delivery/state.ts"
import { DETACHED, type DeliveryChanges } from "../../delivery/types.ts"
import type { Failure } from "../../errors.ts"
import { MAX_CREDIT_MESSAGES, MAX_RECEIVE_BYTES, MAX_SHARES_PER_PARTITION } from "../../limits.ts"
import type { Delivery } from "../../log/types.ts"
import type { OutboxEntry } from "../../queue/changes.ts"
import { err, ok, type Result } from "../../result.ts"
import { type GroupLog, resetOffset } from "../group-seek.ts"
import type {
  ShareMarks,
  ShareOpenRequest,
  ShareOutcome,
  ShareReceiveRequest,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "./commands.ts"
import { emptyShareCounters } from "./counters.ts"
import { giveBackIn, giveBackOthersIn, leasesOf } from "./share-leases.ts"
import { Settling } from "./settling.ts"
import {
  deliveryModeOf,
  type LoadedShare,
  Share,
  type ShareConsumer,
  type ShareContext,
  type SharePush,
  type StoredShare,
} from "./share.ts"

/** The partition as its share groups see it, their log aside. */
export interface ShareHome extends GroupLog {
  /** Remembers what the groups that go have used up. */
  keepShareMarks(marks: ShareMarks): void
}

/** The share groups of a partition as they are loaded. */
export interface LoadedShares {
  readonly shares: readonly LoadedShare[]
  /** States of groups that were forgotten, whose rows are still to be deleted. */
  readonly leftovers: readonly number[]
  readonly lastShareId: number
}

/** A subscription whose group is gone. */
export interface EndedSubscription {
  readonly consumer: number
  /** Null where its name is not known any more. */
  readonly group: string | null
}

/** What one commit stores of the share groups, in one transaction. */
export interface ShareChanges {
  readonly seq: number
  /** Groups that began, or whose settings changed. */
  readonly written: readonly StoredShare[]
  /** States that are forgotten: their rows go in slices. */
  readonly forgotten: readonly number[]
  readonly deliveries: readonly {
    readonly id: number
    readonly changes: DeliveryChanges
    readonly counters: Uint8Array
  }[]
  readonly outbox: readonly OutboxEntry[]
}

/** All share groups of one partition. Each is a delivery state of its own; they meet only where the partition has limits. */
export class Shares {
  readonly #context: ShareContext
  readonly #home: ShareHome
  readonly #byName = new Map<string, Share>()
  readonly #consumers = new Map<number, ShareConsumer>()
  readonly #written = new Set<Share>()
  readonly #leftovers: Set<number>
  #forgotten: number[] = []
  #ended: EndedSubscription[] = []
  /** Generations that were deleted lately: calls that were on their way must not begin them anew. */
  readonly #past = new Map<string, number>()
  #lastShareId: number

  constructor(loaded: LoadedShares, context: ShareContext, home: ShareHome) {
    this.#context = context
    this.#home = home
    this.#leftovers = new Set(loaded.leftovers)
    this.#lastShareId = loaded.lastShareId
    for (const share of loaded.shares) this.#byName.set(share.stored.group, new Share(share, context))
  }

  /** Begins a group, or brings one that has begun to newer settings. */
  open(request: ShareOpenRequest, now: number): Result<ShareStatistics, Failure> {
    const { reset, ...terms } = request
    const refusal = this.#refusalOf(terms)
    if (refusal) return err(refusal)
    const begun = this.#find(terms)
    if (begun) return ok(begun.statistics)
    this.#drop(terms.group)
    // a share group without a policy begins with what comes, as one that asks for the latest
    const initialOffset = resetOffset(this.#home, reset, now) ?? this.#home.endOffset
    const stored = { ...terms, id: ++this.#lastShareId, initialOffset }
    const delivery = DeliveryState.load([], [], { mode: deliveryModeOf(terms.settings), initialEnd: initialOffset })
    const share = new Share({ stored, delivery, counters: emptyShareCounters() }, this.#context)
    this.#byName.set(terms.group, share)
    this.#written.add(share)
    return ok(share.statistics)
  }

  /** The group, at the newest settings that anybody told; null where it has not begun here. */
  find(terms: ShareTerms): StoredShare | null {
    return this.#find(terms)?.stored ?? null
  }

  /** Locks committed records for a receive. */
  receive(terms: ShareTerms, request: ShareReceiveRequest, now: number): Result<readonly Delivery[], Failure> {
    const share = this.#find(terms)
    if (!share) return err({ code: "share_not_open" })
    share.expire(now)
    const { lockDurationMs } = request
    const maxMessages = Math.min(request.maxMessages, MAX_CREDIT_MESSAGES)
    return ok(share.handOut({ holder: DETACHED, maxMessages, maxBytes: MAX_RECEIVE_BYTES, lockDurationMs }, now))
  }

  /** Settles receipts: an outcome for each, in order. */
  settle(
    terms: ShareTerms,
    settlements: readonly ShareSettlement[],
    now: number,
  ): Result<readonly ShareOutcome[], Failure> {
    const share = this.#find(terms)
    if (!share) return err({ code: "share_not_open" })
    const settling = new Settling(share, this.#context, now)
    return ok(settlements.map((settlement) => settling.settle(settlement)))
  }

  /** Where a group stands; changes nothing. */
  statistics({ group, generation }: ShareTerms): Result<ShareStatistics, Failure> {
    const share = this.#byName.get(group)
    return share?.stored.generation === generation ? ok(share.statistics) : err({ code: "share_not_open" })
  }

  /** Forgets a group of this generation or an older one. */
  forget(group: string, generation: number): void {
    const past = Math.max(generation, this.#past.get(group) ?? 0)
    this.#past.delete(group)
    this.#past.set(group, past)
    const [oldest] = this.#past.keys()
    if (this.#past.size > MAX_SHARES_PER_PARTITION) this.#past.delete(oldest!)
    const share = this.#byName.get(group)
    if (share && share.stored.generation <= generation) this.#drop(group)
  }

  /** Does what is due: locks end, and what has no record is passed over. */
  expire(now: number): void {
    for (const share of this.#byName.values()) share.expire(now)
  }

  /** Locks records for the subscriptions that wait, those included that were written just now. */
  serve(now: number): SharePush[] {
    const pushes: SharePush[] = []
    for (const share of this.#byName.values()) pushes.push(...share.serve(now))
    return pushes
  }

  /** The subscriptions of all groups. */
  readonly consumers = {
    add: (consumer: ShareConsumer): void => {
      this.#consumers.set(consumer.id, consumer)
      const share = this.#byId(consumer.share)
      if (share) share.consumers.add(consumer)
      // the memory was lost before its socket could be told
      else this.#ended.push({ consumer: consumer.id, group: null })
    },
    find: (id: number): ShareConsumer | undefined => this.#consumers.get(id),
    remove: (id: number): void => {
      const consumer = this.#consumers.get(id)
      this.#consumers.delete(id)
      if (consumer) this.#byId(consumer.share)?.consumers.remove(id)
    },
    turnTo: (part: number): void => {
      for (const { consumers } of this.#byName.values()) consumers.turnTo(part)
    },
  }

  /** Who holds locks, in any group. */
  readonly leases = {
    keys: (): Iterable<number> => [...this.#byName.values()].flatMap((share) => [...leasesOf(share).keys()]),
    has: (consumer: number): boolean => [...this.#byName.values()].some((share) => leasesOf(share).has(consumer)),
  }

  /** Gives back what a subscription holds, without fault. */
  giveBack(holder: number, now: number): void {
    giveBackIn(this.#byName.values(), holder, now)
  }

  /** As of a queue's subscription: gives back without fault what one holds beyond `kept`, and answers how much it keeps. */
  giveBackOthers(holder: number, kept: ReadonlyMap<number, number>, now: number): number {
    return giveBackOthersIn(this.#byName.values(), holder, kept, now)
  }

  /** Whether a subscription is one of the state `id`, or was and still holds something there. */
  isOf(id: number, consumer: number): boolean {
    if (this.#consumers.get(consumer)?.share === id) return true
    const share = this.#byId(id)
    return share !== null && leasesOf(share).has(consumer)
  }

  /** Subscriptions that ended since the last call; they hold nothing any more. */
  takeEnded(): readonly EndedSubscription[] {
    const ended = this.#ended
    this.#ended = []
    return ended
  }

  /** A state whose rows are to be deleted, or null. */
  get leftover(): number | null {
    const [id] = this.#leftovers
    return id ?? null
  }

  /**
   * Whether the row of a state must stay, or its id would be given again: a log that never had a record has no row that
   * keeps the marks.
   */
  mustRemember(id: number): boolean {
    return this.#home.endOffset === 0 && id === this.#lastShareId
  }

  /** Notes that the last rows of a state are deleted. */
  swept(id: number): void {
    this.#leftovers.delete(id)
  }

  /** Outbox rows that wait for their target. */
  get forwarding(): number {
    return this.#context.deadLetters.forwarding
  }

  /** Forgets outbox rows that their target has taken. */
  forwarded(count: number): void {
    this.#context.deadLetters.forwarding -= count
  }

  /** Earliest instant at which there is something to do, the outbox aside, or null. */
  get nextDeadlineAt(): number | null {
    if (this.#leftovers.size > 0) return 0
    let earliest = Infinity
    for (const { nextDeadlineAt } of this.#byName.values()) {
      if (nextDeadlineAt !== null && nextDeadlineAt < earliest) earliest = nextDeadlineAt
    }
    return earliest === Infinity ? null : earliest
  }

  /** What the commit `seq` stores, or null for nothing. */
  takeChanges(seq: number): ShareChanges | null {
    const deliveries = [...this.#byName.values()].flatMap((share) => {
      const taken = share.takeChanges(seq)
      return taken ? [{ id: share.stored.id, ...taken }] : []
    })
    const written = [...this.#written].map((share) => share.stored)
    const forgotten = this.#forgotten
    const outbox = this.#context.deadLetters.take()
    this.#written.clear()
    this.#forgotten = []
    const isEmpty = [deliveries, written, forgotten, outbox].every((list) => list.length === 0)
    return isEmpty ? null : { seq, written, forgotten, deliveries, outbox }
  }

  #find(terms: ShareTerms): Share | null {
    const share = this.#byName.get(terms.group)
    if (share?.stored.generation !== terms.generation) return null
    if (share.learn(terms)) this.#written.add(share)
    return share
  }

  #byId(id: number): Share | null {
    for (const share of this.#byName.values()) if (share.stored.id === id) return share
    return null
  }

  /** Why a group of this generation may not begin here, or null where it may, or has. */
  #refusalOf({ group, generation }: ShareTerms): Failure | null {
    const known = this.#byName.get(group)?.stored.generation
    const isPast = (known ?? 0) > generation || (this.#past.get(group) ?? 0) >= generation
    if (isPast) return { code: "fenced", epoch: 0 }
    if (known !== undefined || this.#byName.size < MAX_SHARES_PER_PARTITION) return null
    return { code: "conflict", detail: `a partition has at most ${MAX_SHARES_PER_PARTITION} share groups` }
  }

  #drop(group: string): void {
    const share = this.#byName.get(group)
    if (!share) return
    this.#byName.delete(group)
    for (const { id } of share.consumers.all) this.#ended.push({ consumer: id, group })
    this.#written.delete(share)
    this.#forgotten.push(share.stored.id)
    this.#leftovers.add(share.stored.id)
    this.#home.keepShareMarks({ lastShareId: this.#lastShareId, outboxSeq: this.#context.deadLetters.outboxSeq })
  }
}
