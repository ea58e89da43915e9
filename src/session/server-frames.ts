import type { Failure } from "../core/errors.ts"
import { problemOf } from "../protocol/native/problems.ts"

/** What an error is about, where that is known. */
export interface About {
  readonly ref: number | null
  readonly sub: number | null
}

/** `results` is a JSON array with one outcome per message or record. */
export function confirmFrame(ref: number, results: string): string {
  return `{"type":"confirm","ref":${ref},"results":${results}}`
}

/** `results` is a JSON array with one outcome per receipt. */
export function settledFrame(ref: number, results: string): string {
  return `{"type":"settled","ref":${ref},"results":${results}}`
}

/** `results` is a JSON array with one outcome per offset. */
export function committedFrame(ref: number, results: string): string {
  return `{"type":"committed","ref":${ref},"results":${results}}`
}

/** Under which id and epoch the client may publish. */
export function producerFrame(ref: number, producerId: number, epoch: number): string {
  return `{"type":"producer","ref":${ref},"producerId":${producerId},"epoch":${epoch}}`
}

/** `partitions` is the number of a topic's partitions. */
export function describedFrame(ref: number, partitions: number): string {
  return `{"type":"described","ref":${ref},"partitions":${partitions}}`
}

/** What a subscription that has begun is told: where a reader begins, or by what leases can be resumed and how many were. */
export interface SubscribedMembers {
  readonly nextOffset?: number
  readonly resume?: string
  readonly held?: number
}

export function subscribedFrame(sub: number, { nextOffset, resume, held }: SubscribedMembers): string {
  return JSON.stringify({ type: "subscribed", sub, nextOffset, resume, held })
}

/** Nothing more will be delivered. */
export function drainedFrame(sub: number): string {
  return `{"type":"drained","sub":${sub}}`
}

/** The subscription is over: because the client said so, or for the reason in `failure`. */
export function unsubscribedFrame(sub: number, failure: Failure | null): string {
  const problem = failure === null ? "" : `,"problem":${problemJson(failure)}`
  return `{"type":"unsubscribed","sub":${sub}${problem}}`
}

/** In place of entries that come as a batch. */
export const BATCH_MEMBER = '"batch":true'

/** `messages` is the member that holds them; `bytes` is what they take of the credit. */
export function messagesFrame(sub: number, messages: string, bytes: number): string {
  return `{"type":"deliver","sub":${sub},${messages},"bytes":${bytes}}`
}

/** Where a reader stands after a delivery, where the log ends, and what was taken of the credit. */
export interface ReadPosition {
  readonly nextOffset: number
  readonly endOffset: number
  readonly bytes: number
}

/** `records` is the member that holds them. */
export function recordsFrame(sub: number, records: string, { nextOffset, endOffset, bytes }: ReadPosition): string {
  const position = `"nextOffset":${nextOffset},"endOffset":${endOffset},"bytes":${bytes}`
  return `{"type":"deliver","sub":${sub},${records},${position}}`
}

/** `content` holds the members `records` and `ranges`; `bytes` is what they take of the credit. */
export function shareFrame(sub: number, content: string, bytes: number): string {
  return `{"type":"deliver","sub":${sub},${content},"bytes":${bytes}}`
}

/** A frame, a publish or a subscription that was refused. */
export function errorFrame(failure: Failure, { ref, sub }: About): string {
  const about = `${ref === null ? "" : `"ref":${ref},`}${sub === null ? "" : `"sub":${sub},`}`
  return `{"type":"error",${about}"problem":${problemJson(failure)}}`
}

export const PONG_FRAME = '{"type":"pong"}'

/** Asks the client how far it has read: it answers with a `pong` of the same `id`. */
export function pingFrame(id: number): string {
  return `{"type":"ping","id":${id}}`
}

/** What is wrong, as JSON. */
export function problemJson(failure: Failure): string {
  return JSON.stringify(problemOf(failure).document)
}

/** Several frames as one text: frames are expensive, bytes are not. */
export function joinFrames(frames: readonly string[]): string {
  return frames.length === 1 ? frames[0]! : `[${frames.join(",")}]`
}
