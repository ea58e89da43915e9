import type { Failure } from "../core/errors.ts"
import { MAX_READ_BYTES } from "../core/limits.ts"
import type { Owner } from "../core/stream/group-commands.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { LogStore } from "../store/log-store.ts"
import { readRows } from "./partition-reader.ts"
import type { PartitionShares } from "./partition-shares.ts"
import { isOfShare } from "./share-subscriptions.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** A reader's place and credit, as it is kept in its socket's attachment. Credit is absolute. */
export interface PartitionSubscription {
  readonly sub: number
  nextOffset: number
  grantedMessages: number
  grantedBytes: number
  sentMessages: number
  sentBytes: number
  /** Of a member of a consumer group; absent for a reader of its own, as it is in attachments from before groups. */
  readonly owner?: Owner
}

/** The readers that follow one partition over sockets. The truth is in the attachments. */
export class PartitionSubscriptions {
  readonly #bySocket = new Map<WebSocket, Map<number, PartitionSubscription>>()
  readonly #changed = new Set<WebSocket>()

  /** Takes over the sockets that outlived the memory. */
  restore(sockets: readonly WebSocket[]): void {
    for (const socket of sockets) {
      const attached = (socket.deserializeAttachment() as readonly PartitionSubscription[] | null) ?? []
      for (const kept of attached) if (!isOfShare(kept)) this.#subsOf(socket).set(kept.sub, kept)
    }
  }

  find(socket: WebSocket, sub: number): PartitionSubscription | null {
    return this.#bySocket.get(socket)?.get(sub) ?? null
  }

  countOf(socket: WebSocket): number {
    return this.#bySocket.get(socket)?.size ?? 0
  }

  /** How many of a socket's subscriptions are those of members. */
  ownedOf(socket: WebSocket): number {
    return [...(this.#bySocket.get(socket)?.values() ?? [])].filter(({ owner }) => owner !== undefined).length
  }

  add(socket: WebSocket, subscription: PartitionSubscription): void {
    this.#subsOf(socket).set(subscription.sub, subscription)
    this.#changed.add(socket)
  }

  /** Notes that a subscription's totals changed. */
  touch(socket: WebSocket): void {
    this.#changed.add(socket)
  }

  /** Nothing more is sent to a reader: what was granted and not used is taken back. */
  drain(socket: WebSocket, subscription: PartitionSubscription): void {
    subscription.grantedMessages = subscription.sentMessages
    subscription.grantedBytes = subscription.sentBytes
    this.touch(socket)
  }

  remove(socket: WebSocket, sub: number): void {
    this.#bySocket.get(socket)?.delete(sub)
    this.#changed.add(socket)
  }

  removeAll(socket: WebSocket): void {
    this.#bySocket.delete(socket)
    this.#changed.delete(socket)
  }

  /**
   * Sends every reader what it has credit for, and ends those of members to whom the partition does not belong any
   * more. Answers whether somebody could take more at once.
   */
  pump(partition: Partition, log: LogStore, outbox: SocketOutbox): boolean {
    let hasMore = false
    for (const [socket, subs] of this.#bySocket) {
      for (const subscription of subs.values()) {
        const fenced = subscription.owner ? partition.groups.check(subscription.owner) : null
        if (fenced) this.#end(socket, subscription, fenced, outbox)
        if (fenced || !isWaiting(subscription, partition)) continue
        this.#pumpOne(socket, subscription, partition, log, outbox)
        hasMore ||= isWaiting(subscription, partition)
      }
    }
    return hasMore
  }

  /** Writes changed totals into the attachments, with what share groups keep there. */
  save(shares: Pick<PartitionShares, "takeChanged" | "keptOf">): void {
    for (const socket of new Set([...this.#changed, ...shares.takeChanged()])) {
      const readers = [...(this.#bySocket.get(socket)?.values() ?? [])]
      socket.serializeAttachment([...readers, ...shares.keptOf(socket)])
    }
    this.#changed.clear()
  }

  #pumpOne(
    socket: WebSocket,
    subscription: PartitionSubscription,
    partition: Partition,
    log: LogStore,
    outbox: SocketOutbox,
  ): void {
    const { sub, nextOffset: offset } = subscription
    const failure = partition.checkOffset(offset)
    if (failure) return this.#end(socket, subscription, failure, outbox)
    this.#changed.add(socket)
    const maxRecords = subscription.grantedMessages - subscription.sentMessages
    const maxBytes = Math.min(subscription.grantedBytes - subscription.sentBytes, MAX_READ_BYTES)
    const read = readRows(log, { offset, maxRecords, maxBytes }, readableEnd(subscription, partition))
    subscription.nextOffset = read.nextOffset
    subscription.sentMessages += read.count
    subscription.sentBytes += read.rows.length
    const { endOffset } = partition
    const operation = { type: "rows", sub, fromOffset: offset, nextOffset: read.nextOffset, endOffset } as const
    outbox.add(socket, { ...operation, count: read.count, damaged: read.damaged }, read.rows)
  }

  #end(socket: WebSocket, { sub }: PartitionSubscription, failure: Failure, outbox: SocketOutbox): void {
    this.remove(socket, sub)
    outbox.add(socket, { type: "ended", sub, failure })
  }

  #subsOf(socket: WebSocket): Map<number, PartitionSubscription> {
    let subs = this.#bySocket.get(socket)
    if (!subs) {
      subs = new Map<number, PartitionSubscription>()
      this.#bySocket.set(socket, subs)
    }
    return subs
  }
}

/** Whether there is something to send and credit for it. */
function isWaiting(subscription: PartitionSubscription, partition: Partition): boolean {
  const hasCredit =
    subscription.sentMessages < subscription.grantedMessages && subscription.sentBytes < subscription.grantedBytes
  return hasCredit && subscription.nextOffset < readableEnd(subscription, partition)
}

/** First offset that a reader does not get yet. */
function readableEnd({ owner }: PartitionSubscription, { endOffset, groups }: Partition): number {
  const limit = owner ? groups.limitOf(owner) : null
  return limit === null ? endOffset : Math.min(limit, endOffset)
}
