import type { Failure } from "../../errors.ts"
import type { Result } from "../../result.ts"

/** Which messages an operator means: those for which everything given is true. */
export interface MessageFilter {
  /** As a dead letter's header says it. */
  readonly reason: string | null
  readonly header: { readonly name: string; readonly value: string } | null
  readonly groupId: string | null
  /** Entry into the log at this instant or later. */
  readonly sentAfter: number | null
  /** Entry into the log before this instant. */
  readonly sentBefore: number | null
}

/** Where a message stands. */
export type MessageState = "ready" | "delayed" | "in_flight" | "scheduled"

/** One message as an operator sees it: nothing of it changes by looking. */
export interface BrowsedMessage {
  readonly messageId: number
  readonly state: MessageState
  /** null for a scheduled one. */
  readonly offset: number | null
  /** Entry into the log, or the send of a scheduled one. */
  readonly sentAt: number
  /** When a delayed or scheduled one is due, or a lease ends; null for a ready one. */
  readonly untilAt: number | null
  /** Who holds one in flight: 0 for an HTTP receive. */
  readonly consumer: number | null
  readonly deliveryCount: number
  readonly firstDeliveredAt: number | null
  /** By its own time to live or the queue's retention, whichever ends first; null where its row is damaged. */
  readonly expiresAt: number | null
  /** Empty where the stored row is damaged. */
  readonly frame: Uint8Array
}

export interface BrowseRequest {
  readonly state: MessageState
  readonly filter: MessageFilter
  readonly limit: number
  /** As an earlier page answered it, or null for the first. */
  readonly cursor: BrowseCursor | null
}

/** Where a browse goes on. Holds the incarnation, so that it is not used on another life of the queue. */
export interface BrowseCursor {
  readonly incarnation: number
  /** Next offset, or the due time of the last scheduled message seen. */
  readonly at: number
  /** Id of the last scheduled message seen, else 0. */
  readonly messageId: number
}

export interface BrowseReply {
  readonly incarnation: number
  readonly messages: readonly BrowsedMessage[]
  /** null at the end. A page may be empty before the end: only so many messages are looked at. */
  readonly cursor: BrowseCursor | null
}

/** Deletes what matches, in flight or not, slice by slice. */
export interface PurgeRequest {
  /** Whether deduplication ids that were sent before it are forgotten too. */
  readonly forgetsDedup?: boolean
  readonly states: readonly MessageState[]
  readonly filter: MessageFilter
  /** As the slice before answered it, or null for the first. */
  readonly cursor: PurgeCursor | null
}
/** Where a purge goes on and where it ends: what is sent while it runs is not touched. */
export interface PurgeCursor {
  readonly offset: number
  readonly endOffset: number
  /** Messages of this id and higher were not there when it began. */
  readonly endMessageId: number
  /** Due time and id of the last scheduled message seen; null once those are through, and the log is next. */
  readonly scheduled: { readonly dueAt: number; readonly messageId: number } | null
}
export interface PurgeReply {
  readonly removed: number
  readonly cursor: PurgeCursor | null
}

/** Sends one message on to another queue and finishes it here, in one transaction. */
export interface ResendRequest {
  readonly messageId: number
  /** Name of a queue, or null for the one that it is a dead letter of. */
  readonly queue: string | null
  /** The message as it was edited, or null as it is. */
  readonly frame: Uint8Array | null
  /** Hash of the edited message's group; means nothing without `frame`. */
  readonly keyHash: number
}

/** Moves what matches to where it came from, or to another queue. */
export interface RedriveRequest {
  /** Name of a queue, or null for the one that each message is a dead letter of. */
  readonly queue: string | null
  readonly filter: MessageFilter
  readonly maxMessagesPerSecond: number | null
}
export type RedriveState = "running" | "done" | "cancelled"
export interface Redrive extends RedriveRequest {
  readonly no: number
  readonly state: RedriveState
  /** Next offset to look at; the task ends at `endOffset`. */
  readonly offset: number
  readonly endOffset: number
  readonly moved: number
  /** Looked at and left: in flight, expired, damaged, not matching, or without a source to go to. */
  readonly skipped: number
  /** Of those skipped, the ones without a source to go to. Absent where an earlier version began it, as is the next. */
  readonly sourceless?: number
  /** What was in the log when it began, without messages in flight. */
  readonly messages?: number
  readonly startedAt: number
  readonly updatedAt: number
}

/** What an operator may do to a queue, as the object offers it. */
export interface OperatorApi {
  browse(version: number, request: BrowseRequest): Promise<Result<BrowseReply, Failure>>
  /** The message with this id counter, whatever its state. */
  find(version: number, messageId: number): Promise<Result<BrowsedMessage & { readonly incarnation: number }, Failure>>
  /** Deletes one message that is not in flight; cancels a scheduled one. */
  remove(version: number, messageId: number): Promise<Result<null, Failure>>
  /** Answers the name of the queue that it went to. */
  resend(version: number, request: ResendRequest): Promise<Result<string, Failure>>
  purge(version: number, request: PurgeRequest): Promise<Result<PurgeReply, Failure>>
  /** Starts a redrive; `conflict` while one is running. */
  startRedrive(version: number, request: RedriveRequest): Promise<Result<Redrive, Failure>>
  /** The newest first. */
  redrives(version: number): Promise<Result<readonly Redrive[], Failure>>
  /** Ends the redrive that is running, or where it has this number; `not_found` where there is none. */
  cancelRedrive(version: number, no?: number): Promise<Result<Redrive, Failure>>
}
