import { MAX_SUBSCRIPTIONS_PER_OBJECT } from "../core/limits.ts"
import type { Failure } from "../core/errors.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** One watch, as it is kept in its socket's attachment. */
interface Watch {
  readonly sub: number
  readonly memberId: string
}

/**
 * Sockets that want to hear when something changes for a member. The truth is in the attachments, so that the
 * object can sleep while nothing does.
 */
export class GroupWatchers {
  readonly #bySocket = new Map<WebSocket, Map<number, string>>()
  readonly #changed = new Set<WebSocket>()

  /** Takes over the sockets that outlived the memory. */
  restore(sockets: readonly WebSocket[]): void {
    for (const socket of sockets) {
      const attached = (socket.deserializeAttachment() as readonly Watch[] | null) ?? []
      this.#bySocket.set(socket, new Map(attached.map(({ sub, memberId }) => [sub, memberId])))
    }
  }

  /** Why `sub` can't begin on the socket, or null once it has begun. */
  add(socket: WebSocket, sub: number, memberId: string): Failure | null {
    const watches = this.#bySocket.get(socket) ?? new Map<number, string>()
    if (watches.has(sub)) return { code: "conflict", detail: `subscription ${sub} exists` }
    if (watches.size >= MAX_SUBSCRIPTIONS_PER_OBJECT) {
      return { code: "invalid_request", detail: `at most ${MAX_SUBSCRIPTIONS_PER_OBJECT} members on a socket` }
    }
    this.#bySocket.set(socket, watches.set(sub, memberId))
    this.#changed.add(socket)
    return null
  }

  remove(socket: WebSocket, sub: number): void {
    if (this.#bySocket.get(socket)?.delete(sub)) this.#changed.add(socket)
  }

  removeAll(socket: WebSocket): void {
    this.#bySocket.delete(socket)
    this.#changed.delete(socket)
  }

  /** Tells who watches one of `members` that something changed. */
  tell(members: ReadonlySet<string>, outbox: SocketOutbox): void {
    if (members.size === 0) return
    this.#each((socket, sub, memberId) => {
      if (members.has(memberId)) outbox.add(socket, { type: "member-news", sub })
    })
  }

  /** Ends the watches of members that are not there any more. */
  endWhere(isOut: (memberId: string) => boolean, outbox: SocketOutbox): void {
    this.#each((socket, sub, memberId) => {
      if (!isOut(memberId)) return
      this.remove(socket, sub)
      const failure = { code: "not_found", resource: "member", name: memberId } as const
      outbox.add(socket, { type: "ended", sub, failure })
    })
  }

  /** Writes what changed into the attachments. */
  save(): void {
    for (const socket of this.#changed) {
      const watches = [...(this.#bySocket.get(socket) ?? [])]
      socket.serializeAttachment(watches.map(([sub, memberId]): Watch => ({ sub, memberId })))
    }
    this.#changed.clear()
  }

  #each(body: (socket: WebSocket, sub: number, memberId: string) => void): void {
    for (const [socket, watches] of this.#bySocket) for (const [sub, memberId] of watches) body(socket, sub, memberId)
  }
}

/** What one operation of a socket works on. */
export interface GroupSocketContext {
  readonly socket: WebSocket
  readonly watchers: GroupWatchers
  readonly outbox: SocketOutbox
  readonly incarnation: number
  readonly isMember: (memberId: string) => boolean
}

/** Applies one operation of a socket to a group, inside a commit. */
export function applyToGroup(context: GroupSocketContext, { operation }: Framed<ToObject>): void {
  const { socket, watchers, outbox } = context
  switch (operation.type) {
    case "watch-member":
      return watch(context, operation.sub, operation.memberId)
    case "unsubscribe":
      watchers.remove(socket, operation.sub)
      return outbox.add(socket, { type: "ended", sub: operation.sub, failure: null })
    case "bye":
      return watchers.removeAll(socket)
    case "subscribe-queue":
    case "subscribe-partition":
    case "subscribe-share":
      return outbox.add(socket, { type: "failed", refs: [], sub: operation.sub, failure: NOT_HERE })
    case "publish":
      return outbox.add(socket, { type: "failed", refs: operation.refs, sub: null, failure: NOT_HERE })
    case "settle":
    case "settle-share":
      return outbox.add(socket, { type: "failed", refs: [operation.ref], sub: null, failure: NOT_HERE })
    case "credit":
    case "drain":
      return
  }
}

const NOT_HERE: Failure = { code: "invalid_request", detail: "a group has members and no records" }

/** Whoever begins to watch looks at the member after `subscribed`: what changed before it is not told. */
function watch({ socket, watchers, outbox, incarnation, isMember }: GroupSocketContext, sub: number, id: string): void {
  const failure: Failure | null = isMember(id)
    ? watchers.add(socket, sub, id)
    : { code: "not_found", resource: "member", name: id }
  if (failure) return outbox.add(socket, { type: "failed", refs: [], sub, failure })
  outbox.add(socket, { type: "subscribed", sub, incarnation, nextOffset: null })
}
