import type { ByKey } from "./by-key.ts"
import { DELAYED, DONE, IN_FLIGHT } from "./cells.ts"
import { Group } from "./group.ts"
import { MinHeap } from "./heap.ts"
import { DETACHED } from "./types.ts"
import type { Window } from "./window.ts"

/** A group that was deliverable with `offset` when it was pushed; checked again when it comes up. */
interface Offer {
  readonly offset: number
  readonly group: Group
}

/** What one consumer holds. */
interface Holding {
  /** Groups of which it has messages in flight. */
  groups: number
  readonly offers: MinHeap<Offer>
}

/**
 * Ordered mode's view of the window: which group may be delivered next. Rebuilt from the pages on load.
 * A group is free when nothing of it is in flight and its first message is not waiting for a retry; a
 * group that a consumer holds is free to that consumer alone.
 */
export class Groups implements ByKey {
  readonly #groups = new Map<number, Group>()
  readonly #holdings = new Map<number, Holding>()
  readonly #free = offers()
  /** Offsets that are delayed: to ask a page for one would open the page. */
  readonly #delayed = new Set<number>()

  constructor(window: Window) {
    for (const page of window.pages.from(0)) {
      const { kind, consumer, group: hashes } = page.cells
      for (let index = 0; index < page.used; index++) {
        if (kind[index] === DONE) continue
        const offset = page.firstOffset + index
        const group = this.#join(offset, hashes![index]!)
        if (kind[index] === IN_FLIGHT) this.#hold(group, consumer[index]!)
        if (kind[index] === DELAYED) this.#delayed.add(offset)
      }
      window.pages.chillBeyond()
    }
    for (const group of this.#groups.values()) this.#offer(group)
  }

  /** Groups with messages that are not done. */
  get size(): number {
    return this.#groups.size
  }

  add(offset: number, hash: number): void {
    const group = this.#join(offset, hash)
    if (group.next === offset) this.#offer(group)
  }

  /** The group that `consumer` gets next: of those that it holds and those that are free the oldest. */
  pick(consumer: number): { readonly key: number; readonly offset: number } | null {
    const held = this.#holdings.get(consumer)?.offers
    const [mine, free] = [held && this.#top(held, consumer), this.#top(this.#free, null)]
    const takeMine = mine && (!free || mine.offset < free.offset)
    const taken = takeMine ? held?.pop() : this.#free.pop()
    return taken ? { key: taken.group.key, offset: taken.offset } : null
  }

  /** The next deliverable offset of a picked group, or null. */
  nextOf(key: number): number | null {
    const group = this.#groups.get(key)
    return group && this.#isReady(group) ? group.next! : null
  }

  /** Offers a picked group again, whatever was taken of it. */
  putBack(key: number): void {
    const group = this.#groups.get(key)
    if (group) this.#offer(group)
  }

  leased(offset: number, hash: number, consumer: number): void {
    this.#hold(this.#groupOf(offset, hash), consumer)
  }

  heldAfter(offset: number, hash: number): number[] {
    return this.#groupOf(offset, hash).inFlightAfter(offset)
  }

  givenBack(offset: number, hash: number, isDelayed: boolean): void {
    const group = this.#groupOf(offset, hash)
    if (isDelayed) this.#delayed.add(offset)
    group.giveBackLast()
    if (group.inFlight === 0) this.#unhold(group)
    this.#offer(group)
  }

  postponed(offset: number): void {
    this.#delayed.add(offset)
  }

  due(offset: number, hash: number): void {
    this.#delayed.delete(offset)
    const group = this.#groupOf(offset, hash)
    if (group.next === offset) this.#offer(group)
  }

  finished(offset: number, hash: number, kind: number): void {
    const group = this.#groupOf(offset, hash)
    const { next } = group
    if (kind === DELAYED) this.#delayed.delete(offset)
    group.remove(offset)
    const isFreed = kind === IN_FLIGHT && group.inFlight === 0
    if (isFreed) this.#unhold(group)
    if (group.isEmpty) this.#groups.delete(group.key)
    else if (isFreed || group.next !== next) this.#offer(group)
  }

  #join(offset: number, hash: number): Group {
    const key = keyOf(offset, hash)
    let group = this.#groups.get(key)
    if (!group) this.#groups.set(key, (group = new Group(key)))
    group.add(offset)
    return group
  }

  #hold(group: Group, consumer: number): void {
    group.leaseNext()
    group.holder = consumer
    if (consumer === DETACHED || group.inFlight > 1) return
    const holding = this.#holdings.get(consumer)
    if (holding) holding.groups++
    else this.#holdings.set(consumer, { groups: 1, offers: offers() })
  }

  /** After the last in flight of a group came back or is done. */
  #unhold(group: Group): void {
    const holding = this.#holdings.get(group.holder)
    if (!holding) return
    holding.groups--
    if (holding.groups === 0) this.#holdings.delete(group.holder)
  }

  /** Lists a group where whoever may have it looks. */
  #offer(group: Group): void {
    const { next } = group
    if (next === undefined) return
    const listed = group.inFlight === 0 ? this.#free : this.#holdings.get(group.holder)?.offers
    listed?.push({ offset: next, group })
  }

  /** The first offer that still stands, with those before it dropped. */
  #top(listed: MinHeap<Offer>, holder: number | null): Offer | undefined {
    for (let top = listed.peek(); top; top = listed.peek()) {
      const { offset, group } = top
      const isMeant = holder === null ? group.inFlight === 0 : group.inFlight > 0 && group.holder === holder
      if (isMeant && group.next === offset && this.#isReady(group)) return top
      listed.pop()
    }
    return undefined
  }

  #isReady({ next }: Group): boolean {
    return next !== undefined && !this.#delayed.has(next)
  }

  #groupOf(offset: number, hash: number): Group {
    return this.#groups.get(keyOf(offset, hash))!
  }
}

function offers(): MinHeap<Offer> {
  return new MinHeap((offer) => offer.offset)
}

/** A record without a key is a group of its own. */
function keyOf(offset: number, hash: number): number {
  return hash === 0 ? -1 - offset : hash
}
