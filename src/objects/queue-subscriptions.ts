import { DETACHED } from "../core/delivery/types.ts"
import { RESUME_GRACE_MS } from "../core/limits.ts"
import { completeSubscription } from "./older-callers.ts"
import type { QueueConsumer } from "../core/queue/delivering.ts"
import type { Queue } from "../core/queue/queue.ts"

/** A subscription as it is kept in its socket's attachment, so that it outlives the object's memory. */
export interface QueueSubscription {
  readonly sub: number
  /** Random 32-bit id; leases hold it. */
  readonly consumer: number
  /** Leases stay when the socket goes. */
  readonly detached: boolean
  readonly visibilityTimeoutMs: number | null
  readonly attemptId: string | null
  readonly joinedAt: number
  readonly grantedMessages: number
  readonly grantedBytes: number
  readonly sentMessages: number
  readonly sentBytes: number
}

interface Attached {
  readonly socket: WebSocket
  readonly sub: number
  readonly detached: boolean
}

/**
 * Which consumer stands behind which socket. The truth is in the attachments; this is rebuilt when the
 * object loads. Leases whose socket broke wait a grace for it to resume, then go back without fault.
 */
export class QueueSubscriptions {
  readonly #byConsumer = new Map<number, Attached>()
  /** Consumer ids by socket and subscription number. */
  readonly #bySocket = new Map<WebSocket, Map<number, number>>()
  readonly #orphans = new Map<number, number>()
  readonly #changed = new Set<WebSocket>()

  /** Takes over the sockets that outlived the memory; holders without one become orphans. */
  restore(sockets: readonly WebSocket[], queue: Queue, now: number): void {
    for (const socket of sockets) {
      for (const subscription of attachmentOf(socket)) this.#attach(socket, subscription, queue)
    }
    for (const holder of queue.state.delivery.window.leases.keys()) {
      if (holder !== DETACHED && !this.#byConsumer.has(holder)) this.#orphans.set(holder, now + RESUME_GRACE_MS)
    }
  }

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
  consumerOf(socket: WebSocket, sub: number, queue: Queue): QueueConsumer | null {
    const consumer = this.#bySocket.get(socket)?.get(sub)
    return consumer === undefined ? null : (queue.consumers.find(consumer) ?? null)
  }

  /** How many subscriptions a socket has here. */
  countOf(socket: WebSocket): number {
    return this.#bySocket.get(socket)?.size ?? 0
  }

  add(socket: WebSocket, subscription: QueueSubscription, queue: Queue): void {
    this.#attach(socket, subscription, queue)
    this.#changed.add(socket)
  }

  /** Notes that a consumer's totals changed. */
  touch(consumer: number): void {
    const attached = this.#byConsumer.get(consumer)
    if (attached) this.#changed.add(attached.socket)
  }

  /** Ends one subscription; what it holds goes back at once, unless it is detached. */
  remove(consumer: number, queue: Queue, now: number): void {
    const attached = this.#byConsumer.get(consumer)
    if (!attached) return
    if (!attached.detached) queue.giveBack(consumer, now)
    this.#forget(consumer, attached, queue)
  }

  /** Ends all subscriptions of a socket that said goodbye. */
  removeAll(socket: WebSocket, queue: Queue, now: number): void {
    for (const consumer of this.#consumersOf(socket)) this.remove(consumer, queue, now)
  }

  /** Ends all subscriptions of a socket that broke: its leases wait for the grace. */
  orphan(socket: WebSocket, queue: Queue, now: number): void {
    for (const consumer of this.#consumersOf(socket)) {
      const attached = this.#byConsumer.get(consumer)!
      const holdsSomething = !attached.detached && queue.state.delivery.window.leases.has(consumer)
      if (holdsSomething) this.#orphans.set(consumer, now + RESUME_GRACE_MS)
      this.#forget(consumer, attached, queue)
    }
  }

  /** Gives back what orphans hold whose grace is over. */
  releaseOrphans(queue: Queue, now: number): void {
    for (const [consumer, at] of this.#orphans) {
      if (at > now) continue
      queue.giveBack(consumer, now)
      this.#orphans.delete(consumer)
    }
  }

  /** Writes changed totals into the attachments. */
  save(queue: Queue): void {
    for (const socket of this.#changed) {
      const subscriptions: QueueSubscription[] = []
      for (const id of this.#consumersOf(socket)) {
        const consumer = queue.consumers.find(id)
        if (consumer) subscriptions.push(subscriptionOf(this.#byConsumer.get(id)!, consumer))
      }
      socket.serializeAttachment(subscriptions)
    }
    this.#changed.clear()
  }

  #attach(socket: WebSocket, subscription: QueueSubscription, queue: Queue): void {
    const { sub, consumer, detached, ...rest } = subscription
    this.#byConsumer.set(consumer, { socket, sub, detached })
    let subs = this.#bySocket.get(socket)
    if (!subs) {
      subs = new Map<number, number>()
      this.#bySocket.set(socket, subs)
    }
    subs.set(sub, consumer)
    queue.consumers.add({ ...rest, id: consumer, holder: detached ? DETACHED : consumer })
  }

  #consumersOf(socket: WebSocket): number[] {
    return [...(this.#bySocket.get(socket)?.values() ?? [])]
  }

  #forget(consumer: number, attached: Attached, queue: Queue): void {
    this.#byConsumer.delete(consumer)
    const subs = this.#bySocket.get(attached.socket)
    subs?.delete(attached.sub)
    if (subs?.size === 0) this.#bySocket.delete(attached.socket)
    queue.consumers.remove(consumer)
    this.#changed.add(attached.socket)
  }
}

function subscriptionOf(attached: Attached, consumer: QueueConsumer): QueueSubscription {
  const { id, holder: _, ...rest } = consumer
  return { sub: attached.sub, consumer: id, detached: attached.detached, ...rest }
}

function attachmentOf(socket: WebSocket): readonly QueueSubscription[] {
  const attached = (socket.deserializeAttachment() as readonly QueueSubscription[] | null) ?? []
  return attached.map(completeSubscription)
}
