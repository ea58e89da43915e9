import type { Access } from "../core/access/access.ts"
import type { Failure } from "../core/errors.ts"
import type { HeartbeatRequest, JoinRequest, MemberView } from "../core/group/commands.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import type { Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CommitReply } from "../core/stream/group-commands.ts"
import type { CatalogEntry, ProducerIdentity } from "../objects/contract.ts"
import type { CommitBatch } from "../protocol/native/offset-commits.ts"
import type { Framed, FromObject } from "../protocol/internal/frames.ts"

/** The Worker's end of an internal socket that is open. */
export interface ObjectSocket {
  send(frame: Uint8Array): void
  close(code: number, reason: string): void
}

/** What an internal socket says after it was opened. */
export interface ObjectSocketEvents {
  received(frames: readonly Framed<FromObject>[]): void
  /** It ended, whoever ended it; said once. */
  closed(code: number, reason: string): void
}

/** Opens an internal socket to one object, for a caller that believes in `version`. Never rejects. */
export type Dial = (version: number, events: ObjectSocketEvents) => Promise<Result<ObjectSocket, Failure>>

/** Settings of a name: `fresh` asks the catalog, else what the Worker remembers will do. */
export type Resolve<Settings> = (name: string, fresh: boolean) => Promise<Result<CatalogEntry<Settings>, Failure>>

/** Everything a session reaches: names of its caller's namespace, and the objects behind them. */
export interface SessionContext {
  /** What the client's token allows. */
  readonly access: Access
  /** When the client's token ends, in milliseconds since the epoch; null for never. */
  readonly endsAt: number | null
  readonly resolveQueue: Resolve<QueueSettings>
  readonly resolveTopic: Resolve<TopicSettings>
  readonly resolveGroup: Resolve<GroupSettings>
  readonly dialQueue: (queue: string) => Dial
  readonly dialPartition: (topic: string, partition: number) => Dial
  readonly dialGroup: (group: string) => Dial
  readonly groups: GroupCalls
  /** Opens a producer, of this name where it has one. Never rejects. */
  readonly openProducer: (name: string | null) => Promise<Result<ProducerIdentity, Failure>>
}

/** What a session asks of groups by call. Never rejects; a member that is out, or its group, is `not_found`. */
export interface GroupCalls {
  join(group: string, request: JoinRequest): Promise<Result<MemberView, Failure>>
  heartbeat(group: string, request: HeartbeatRequest): Promise<Result<MemberView, Failure>>
  /** A look that does not count as a heartbeat. */
  member(group: string, memberId: string): Promise<Result<MemberView, Failure>>
  leave(group: string, memberId: string): Promise<Result<null, Failure>>
  /** Commits offsets, of a member or from outside; an outcome each, in order. */
  commit(group: string, batch: CommitBatch): Promise<Result<readonly Result<CommitReply, Failure>[], Failure>>
  /** Begins a share group in the partitions of a topic. */
  attach(group: string, topic: string): Promise<Result<null, Failure>>
}

/** Text, or a binary message where there are batches. */
export type ClientMessage = string | Uint8Array

/** The client's end, as a session sees it. */
export interface ClientPort {
  send(message: ClientMessage): void
  /** Ends it from this side. */
  close(code: number, reason: string): void
}

/** Codes of the internal socket: a goodbye gives the leases back at once, a broken client's wait for it. */
export const CLOSE_GOODBYE = 1000
export const CLOSE_BROKEN = 3001

/** Code of the client's socket where its token has ended: whoever brings a new one may go on. */
export const CLOSE_TOKEN_ENDED = 4401

/** Code of the client's socket where one of its members is out: whoever comes next has its partitions. */
export const CLOSE_FENCED = 4409

/** Codes of the client's socket where it said nothing for too long, and where it does not read its answers. */
export const CLOSE_SILENT = 4408
export const CLOSE_UNREAD = 4413

/** How long a client waits before it tries an object again that went away. */
export const RETRY_AFTER_MS = 1000
