import type { Consumer } from "../core/delivery/consumers.ts"
import { DETACHED } from "../core/delivery/types.ts"
import type { Failure } from "../core/errors.ts"
import { RESUME_GRACE_MS } from "../core/limits.ts"
import type { ResumedLeases } from "../protocol/internal/frames.ts"

/** What every subscription that leases has in its socket's attachment, so that it outlives the object's memory. */
export interface LeaseSubscription {
  readonly sub: number
  /** Random 32-bit id; leases hold it. */
  readonly consumer: number
  /** Leases stay when the socket goes. */
  readonly detached: boolean
  readonly grantedMessages: number
  readonly grantedBytes: number
  readonly sentMessages: number
  readonly sentBytes: number
}

/** A subscription as the engine knows it. */
export interface LeaseConsumer extends Consumer {
  /** What its leases are held under: its id, or DETACHED for a waiting HTTP receive. */
  readonly holder: number
}

/** An engine that leases messages to consumers. */
export interface LeaseEngine<C extends LeaseConsumer> {
  readonly consumers: {
    add(consumer: C): void
    find(id: number): C | undefined
    remove(id: number): void
    turnTo(part: number): void
  }
  /** Who holds something. */
  readonly leases: { keys(): Iterable<number>; has(consumer: number): boolean }
  /** Gives back what a consumer holds, without fault. */
  giveBack(consumer: number, now: number): void
  /** Gives back what it holds beyond `kept`, attempts by offset, likewise; answers how much it keeps. */
  giveBackOthers(consumer: number, kept: ReadonlyMap<number, number>, now: number): number
}

/** Under which id a subscription begins, and what it holds at once. */
export interface Begun {
  /** Random 32-bit id; that of the consumer whose leases go on, where some may. */
  readonly consumer: number
  readonly held: number
  /** Who had them until now and seemed to be there, or null. */
  readonly displaced: Attached | null
}

/** The socket behind a consumer. */
export interface Attached {
  readonly socket: WebSocket
  readonly sub: number
  readonly detached: boolean
}

/**
 * Which consumer stands behind which socket. The truth is in the attachments; this is rebuilt when the
 * object loads. Leases whose socket broke wait a grace for it to resume, then go back without fault.
 */
export abstract class LeaseSubscriptions<S extends LeaseSubscription, C extends LeaseConsumer> {
  readonly #byConsumer = new Map<number, Attached>()
  /** Consumer ids by socket and subscription number. */
  readonly #bySocket = new Map<WebSocket, Map<number, number>>()
  readonly #orphans = new Map<number, number>()
  readonly #changed = new Set<WebSocket>()

  /** The consumer that a subscription is. */
  protected abstract consumerFrom(subscription: S): C
  /** What is kept of a consumer. */
  protected abstract subscriptionFrom(attached: Attached, consumer: C): S

  /** Earliest end of a grace, or null. */
  get nextGraceAt(): number | null {
    let earliest: number | null = null
    for (const at of this.#orphans.values()) if (earliest === null || at < earliest) earliest = at
    return earliest
  }

  socketOf(consumer: number): Attached | null {
    return this.#byConsumer.get(consumer) ?? null
  }

  /** The consumer of a socket's subscription, or null. */
  consumerOf(socket: WebSocket, sub: number, engine: LeaseEngine<C>): C | null {
    const consumer = this.#bySocket.get(socket)?.get(sub)
    return consumer === undefined ? null : (engine.consumers.find(consumer) ?? null)
  }

  /** How many subscriptions a socket has here. */
  countOf(socket: WebSocket): number {
    return this.#bySocket.get(socket)?.size ?? 0
  }

  add(socket: WebSocket, subscription: S, engine: LeaseEngine<C>): void {
    this.attach(socket, subscription, engine)
    this.#changed.add(socket)
  }

  /** A new subscription's id, with the leases that it takes over; it is still to be added. */
  begin(resume: ResumedLeases | null | undefined, engine: LeaseEngine<C>, now: number): Begun {
    const resumed = resume ? this.#resume(resume, engine, now) : null
    return resumed ?? { consumer: this.#newConsumer(), held: 0, displaced: null }
  }

  /** Nothing more is delivered to a consumer: what was granted and not used is taken back. */
  drain(consumer: C): void {
    consumer.grantedMessages = consumer.sentMessages
    consumer.grantedBytes = consumer.sentBytes
    this.touch(consumer.id)
  }

  /** Ids are random, so that one from before an eviction is not given again; 0 means detached. */
  #newConsumer(): number {
    for (;;) {
      const [id = 0] = crypto.getRandomValues(new Uint32Array(1))
      if (id !== DETACHED && !this.#byConsumer.has(id) && !this.#orphans.has(id)) return id
    }
  }

  /** Notes that a consumer's totals changed. */
  touch(consumer: number): void {
    const attached = this.#byConsumer.get(consumer)
    if (attached) this.#changed.add(attached.socket)
  }

  /** Ends one subscription; what it holds goes back at once, unless it is detached. */
  remove(consumer: number, engine: LeaseEngine<C>, now: number): void {
    const attached = this.#byConsumer.get(consumer)
    if (!attached) return
    if (!attached.detached) engine.giveBack(consumer, now)
    this.#forget(consumer, attached, engine)
  }

  /** Ends all subscriptions of a socket that said goodbye. */
  removeAll(socket: WebSocket, engine: LeaseEngine<C>, now: number): void {
    for (const consumer of this.#consumersOf(socket)) this.remove(consumer, engine, now)
  }

  /** Ends all subscriptions of a socket that broke: its leases wait for the grace. */
  orphan(socket: WebSocket, engine: LeaseEngine<C>, now: number): void {
    for (const consumer of this.#consumersOf(socket)) {
      const attached = this.#byConsumer.get(consumer)!
      const holdsSomething = !attached.detached && engine.leases.has(consumer)
      if (holdsSomething) this.#orphans.set(consumer, now + RESUME_GRACE_MS)
      this.#forget(consumer, attached, engine)
    }
  }

  /**
   * Takes leases over from an earlier subscription, whose socket broke or is about to be found broken; what is not
   * named goes back. Null where nothing is left of it.
   */
  #resume({ consumer, held }: ResumedLeases, engine: LeaseEngine<C>, now: number): Begun | null {
    this.releaseOrphans(engine, now)
    const attached = this.#byConsumer.get(consumer)
    if (!attached && !this.#orphans.has(consumer)) return null
    if (attached?.detached) return null
    if (attached) this.#forget(consumer, attached, engine)
    this.#orphans.delete(consumer)
    const displaced = attached ?? null
    return { consumer, held: engine.giveBackOthers(consumer, attemptsOf(held), now), displaced }
  }

  /** Gives back what orphans hold whose grace is over. */
  releaseOrphans(engine: LeaseEngine<C>, now: number): void {
    for (const [consumer, at] of this.#orphans) {
      if (at > now) continue
      engine.giveBack(consumer, now)
      this.#orphans.delete(consumer)
    }
  }

  /** Takes over what a socket had when the memory was lost. */
  protected attach(socket: WebSocket, subscription: S, engine: LeaseEngine<C>): void {
    const { sub, consumer, detached } = subscription
    this.#byConsumer.set(consumer, { socket, sub, detached })
    let subs = this.#bySocket.get(socket)
    if (!subs) {
      subs = new Map<number, number>()
      this.#bySocket.set(socket, subs)
    }
    subs.set(sub, consumer)
    engine.consumers.add(this.consumerFrom(subscription))
  }

  /** After all sockets that outlived the memory: holders without one become orphans, and somebody has the turn. */
  protected restored(engine: LeaseEngine<C>, now: number): void {
    // or a queue that sleeps between its messages would give all of them to one consumer
    engine.consumers.turnTo(Math.random())
    for (const holder of engine.leases.keys()) {
      if (holder !== DETACHED && !this.#byConsumer.has(holder)) this.#orphans.set(holder, now + RESUME_GRACE_MS)
    }
  }

  /** What a socket's attachment has to say of its subscriptions here. */
  keptOf(socket: WebSocket, engine: LeaseEngine<C>): S[] {
    return this.#consumersOf(socket).flatMap((id) => {
      const consumer = engine.consumers.find(id)
      return consumer ? [this.subscriptionFrom(this.#byConsumer.get(id)!, consumer)] : []
    })
  }

  /** Sockets whose subscriptions changed since the last call. */
  takeChanged(): WebSocket[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  #consumersOf(socket: WebSocket): number[] {
    return [...(this.#bySocket.get(socket)?.values() ?? [])]
  }

  #forget(consumer: number, attached: Attached, engine: LeaseEngine<C>): void {
    this.#byConsumer.delete(consumer)
    const subs = this.#bySocket.get(attached.socket)
    subs?.delete(attached.sub)
    if (subs?.size === 0) this.#bySocket.delete(attached.socket)
    engine.consumers.remove(consumer)
    this.#changed.add(attached.socket)
  }
}

/** To a subscription whose leases went on over another socket. */
export const DISPLACED: Failure = { code: "conflict", detail: "the subscription was resumed elsewhere" }

function attemptsOf(held: ResumedLeases["held"]): ReadonlyMap<number, number> {
  const attempts = new Map<number, number>()
  for (const [first, attempt, count] of held) {
    for (let offset = first; offset < first + count; offset++) attempts.set(offset, attempt)
  }
  return attempts
}
