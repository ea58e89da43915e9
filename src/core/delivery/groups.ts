import { AVAILABLE, DONE, IN_FLIGHT } from "./cells.ts"
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
export class Groups {
  readonly #window: Window
  readonly #groups = new Map<number, Group>()
  readonly #holdings = new Map<number, Holding>()
  readonly #free = offers()

  constructor(window: Window) {
    this.#window = window
    for (const page of window.pages.from(0)) {
      const { kind, consumer, group: hashes } = page.cells
      for (let index = 0; index < page.used; index++) {
        if (kind[index] === DONE) continue
        const group = this.#join(page.firstOffset + index, hashes![index]!)
        if (kind[index] === IN_FLIGHT) this.#hold(group, consumer[index]!)
      }
      window.pages.chillBeyond()
    }
    for (const group of this.#groups.values()) this.#offer(group)
  }

  /** Groups with messages that are not done. */
  get size(): number {
    return this.#groups.size
  }

  /** Takes in an offset that the window now covers. */
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

  leased(offset: number, consumer: number): void {
    this.#hold(this.#groupOf(offset), consumer)
  }

  /** The in-flight messages of the same group behind `offset`: they go back with it. */
  heldAfter(offset: number): number[] {
    return this.#groupOf(offset).inFlightAfter(offset)
  }

  /** After an offset in flight was given back. */
  givenBack(offset: number): void {
    const group = this.#groupOf(offset)
    this.#unhold(group)
    this.#offer(group)
  }

  /** Before an offset becomes done. */
  finishing(offset: number, wasInFlight: boolean): void {
    const group = this.#groupOf(offset)
    group.remove(offset)
    if (wasInFlight) this.#unhold(group)
    if (group.isEmpty) this.#groups.delete(group.key)
    else this.#offer(group)
  }

  /** After a delayed offset became available. */
  due(offset: number): void {
    const group = this.#groupOf(offset)
    if (group.next === offset) this.#offer(group)
  }

  #join(offset: number, hash: number): Group {
    const key = keyOf(offset, hash)
    let group = this.#groups.get(key)
    if (!group) this.#groups.set(key, (group = new Group(key)))
    group.offsets.push(offset)
    return group
  }

  #hold(group: Group, consumer: number): void {
    group.inFlight++
    group.holder = consumer
    if (consumer === DETACHED || group.inFlight > 1) return
    const holding = this.#holdings.get(consumer)
    if (holding) holding.groups++
    else this.#holdings.set(consumer, { groups: 1, offers: offers() })
  }

  #unhold(group: Group): void {
    group.inFlight--
    const holding = this.#holdings.get(group.holder)
    if (group.inFlight > 0 || !holding) return
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

  #isReady(group: Group): boolean {
    const { next } = group
    if (next === undefined) return false
    const place = this.#window.find(next)
    return typeof place === "object" && place.page.cells.kind[place.index] === AVAILABLE
  }

  #groupOf(offset: number): Group {
    const place = this.#window.find(offset)
    const hash = typeof place === "object" ? place.page.cells.group![place.index]! : 0
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
