import type { Failure } from "../core/errors.ts"
import { FIRST_WATCH_RETRY_MS, LAST_WATCH_RETRY_MS } from "../core/limits.ts"
import type { Links, SubscriptionHost } from "./links.ts"
import type { ObjectLink, SubscriptionFrame } from "./object-link.ts"

/** What is told of a member that is watched. */
export interface WatchEvents {
  /** Something changed, or may have changed while nobody watched. */
  changed(): void
  /** The coordinator says that the member is out, or that there is no such group. */
  gone(failure: Failure): void
}

/** A member of a group that is watched. */
export interface Watch {
  readonly group: string
  readonly memberId: string
  readonly events: WatchEvents
  /** Where it is watched and under which number, null while nobody does. */
  place: { readonly id: number; readonly link: ObjectLink } | null
  /** How often in a row it failed. */
  failures: number
  timer: ReturnType<typeof setTimeout> | null
  isOver: boolean
}

/** Watches members at their coordinators, and begins again, unseen by the client, where a coordinator went away. */
export class Watches implements SubscriptionHost {
  readonly #links: () => Links
  readonly #all = new Set<Watch>()
  readonly #byId = new Map<number, Watch>()
  /** Never used again, so that a late word on one that is over is not taken for another's. */
  #lastId = 0

  constructor(links: () => Links) {
    this.#links = links
  }

  start(group: string, memberId: string, events: WatchEvents): Watch {
    const watch: Watch = { group, memberId, events, place: null, failures: 0, timer: null, isOver: false }
    this.#all.add(watch)
    this.#reach(watch)
    return watch
  }

  stop(watch: Watch): void {
    watch.isOver = true
    this.#all.delete(watch)
    if (watch.timer !== null) clearTimeout(watch.timer)
    const { place } = watch
    this.#leavePlace(watch)
    place?.link.send({ type: "unsubscribe", sub: place.id })
  }

  /** What it led to could not be done: begins again, later from one time to the next. */
  failed(watch: Watch): void {
    if (watch.isOver || watch.timer !== null) return
    this.#leavePlace(watch)
    const longestMs = Math.min(FIRST_WATCH_RETRY_MS * 2 ** watch.failures, LAST_WATCH_RETRY_MS)
    watch.failures += 1
    // not all sessions of a coordinator at once
    const waitMs = longestMs * (0.5 + Math.random() / 2)
    watch.timer = setTimeout(() => {
      watch.timer = null
      this.#reach(watch)
    }, waitMs)
  }

  /** Ends all. */
  close(): void {
    for (const watch of this.#all) {
      watch.isOver = true
      if (watch.timer !== null) clearTimeout(watch.timer)
    }
    this.#all.clear()
    this.#byId.clear()
  }

  readonly subscriptionSaid = (frame: SubscriptionFrame): void => {
    const watch = this.#byId.get(frame.sub)
    if (watch === undefined) return
    switch (frame.type) {
      case "subscribed":
      case "member-news":
        return watch.events.changed()
      case "ended":
        return this.#ended(watch, frame.failure)
      case "share-subscribed":
      case "drained":
      case "deliver":
      case "rows":
        return
    }
  }

  readonly subscriptionRefused = (id: number, failure: Failure): void => {
    const watch = this.#byId.get(id)
    if (watch !== undefined) this.#ended(watch, failure)
  }

  readonly subscriptionLost = this.subscriptionRefused

  #reach(watch: Watch): void {
    this.#links()
      .group(watch.group)
      .run((entry) => {
        if (watch.isOver) return
        const link = entry.ok ? this.#links().toGroup(entry.value) : entry
        if (!link.ok) return this.#ended(watch, link.error)
        const id = ++this.#lastId
        watch.place = { id, link: link.value }
        this.#byId.set(id, watch)
        link.value.subscriptions.add(id)
        link.value.send({ type: "watch-member", sub: id, memberId: watch.memberId })
      })
  }

  #ended(watch: Watch, failure: Failure | null): void {
    this.#leavePlace(watch)
    if (failure?.code === "not_found") watch.events.gone(failure)
    else this.failed(watch)
  }

  #leavePlace(watch: Watch): void {
    const { place } = watch
    if (place === null) return
    watch.place = null
    this.#byId.delete(place.id)
    place.link.subscriptions.delete(place.id)
  }
}
