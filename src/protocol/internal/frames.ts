import { CorruptError } from "../../core/bytes/corrupt.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import type { Failure } from "../../core/errors.ts"
import type { SendResult, Settlement, SettleReply } from "../../core/queue/commands.ts"
import type { AppendTerms } from "../../core/stream/commands.ts"
import type { Owner } from "../../core/stream/group-commands.ts"
import type { ShareOutcome, ShareSettlement, ShareTerms } from "../../core/stream/share/commands.ts"

/** What the Worker's end of a socket tells an object. One internal socket per client socket and object. */
export type ToObject =
  /** Begins a subscription of a queue. Credit is absolute: totals since the subscription began. */
  | {
      readonly type: "subscribe-queue"
      readonly sub: number
      readonly visibilityTimeoutMs: number | null
      readonly grantedMessages: number
      readonly grantedBytes: number
      /** Leases stay when the socket goes: an HTTP receive that waits. */
      readonly detached: boolean
      /** Under which such a receive can be repeated, or null. */
      readonly attemptId: string | null
      /** Takes over what a subscription of a socket that broke still holds; absent for none. */
      readonly resume?: ResumedLeases
    }
  /** Begins a subscription of a partition, at an offset. */
  | {
      readonly type: "subscribe-partition"
      readonly sub: number
      readonly from: number | "earliest" | "latest"
      readonly grantedMessages: number
      readonly grantedBytes: number
      /** Of a member of a consumer group: the subscription ends as `fenced` where the partition is not its any more. */
      readonly owner?: Owner
    }
  /** Begins to receive from a partition for a share group. */
  | {
      readonly type: "subscribe-share"
      readonly sub: number
      readonly terms: ShareTerms
      /** Null takes the group's own. */
      readonly lockDurationMs: number | null
      readonly grantedMessages: number
      readonly grantedBytes: number
      /** Locks stay when the socket goes: an HTTP receive that waits. */
      readonly detached: boolean
      /** As for a queue. */
      readonly resume?: ResumedLeases
    }
  /** Asks a group's coordinator to say when something changes for a member; no heartbeat. */
  | { readonly type: "watch-member"; readonly sub: number; readonly memberId: string }
  | { readonly type: "credit"; readonly sub: number; readonly grantedMessages: number; readonly grantedBytes: number }
  /** Ends a subscription; answered by `ended` after everything that was delivered. Its leases go back at once. */
  | { readonly type: "unsubscribe"; readonly sub: number }
  /** Nothing more is to be delivered; answered by `drained` after everything that was. Leases stay. */
  | { readonly type: "drain"; readonly sub: number }
  /** Publishes `counts[i]` of the blob's submissions for each ref; the blob is a submission batch. */
  | {
      readonly type: "publish"
      readonly refs: readonly number[]
      readonly counts: readonly number[]
      /** Of the one ref, where it asks for more than to be stored. */
      readonly terms?: AppendTerms
      /** Number of a topic's partitions by which the records were routed. */
      readonly partitions?: number
    }
  | { readonly type: "settle"; readonly ref: number; readonly settlements: readonly Settlement[] }
  | {
      readonly type: "settle-share"
      readonly ref: number
      readonly terms: ShareTerms
      readonly settlements: readonly ShareSettlement[]
    }
  /** The client said goodbye: all leases of this socket go back at once. */
  | { readonly type: "bye" }

/** What an object tells the Worker's end of a socket. */
export type FromObject =
  | {
      readonly type: "subscribed"
      readonly sub: number
      readonly incarnation: number
      readonly nextOffset: number | null
      /** Of a queue's: under which id its leases are held, and how many it took over. */
      readonly consumer?: number
      readonly held?: number
    }
  /** A share group's subscription has begun; receipts name the state. */
  | {
      readonly type: "share-subscribed"
      readonly sub: number
      readonly incarnation: number
      readonly stateId: number
      readonly stateGeneration: number
      /** As for a queue. */
      readonly consumer?: number
      readonly held?: number
    }
  /** Something changed for the member: look at it again. */
  | { readonly type: "member-news"; readonly sub: number }
  /** The blob holds deliveries. */
  | { readonly type: "deliver"; readonly sub: number }
  /** The blob holds stored rows; records before `fromOffset` in it are not meant. */
  | {
      readonly type: "rows"
      readonly sub: number
      readonly fromOffset: number
      readonly nextOffset: number
      readonly endOffset: number
      /** What it takes of the credit: records, and one for each damaged range. */
      readonly count: number
      /** Rows whose header is damaged, left out of the blob. */
      readonly damaged: readonly { readonly firstOffset: number; readonly lastOffset: number }[]
    }
  /** One outcome list per ref, in order. */
  | { readonly type: "confirm"; readonly incarnation: number; readonly confirms: readonly Confirm[] }
  /** The same in short for publishes of one message each, whose refs and ids follow one another. */
  | {
      readonly type: "confirm-run"
      readonly incarnation: number
      readonly firstRef: number
      readonly firstId: number
      readonly count: number
    }
  | { readonly type: "settled"; readonly ref: number; readonly results: SettleReply }
  | { readonly type: "share-settled"; readonly ref: number; readonly outcomes: readonly ShareOutcome[] }
  /** Nothing more will be delivered to the subscription. */
  | { readonly type: "drained"; readonly sub: number }
  | { readonly type: "ended"; readonly sub: number; readonly failure: Failure | null }
  /** The frame could not be served; `ref` and `sub` say what it was about. */
  | {
      readonly type: "failed"
      readonly refs: readonly number[]
      readonly sub: number | null
      readonly failure: Failure
    }

/** Leases of an earlier subscription. */
export interface ResumedLeases {
  /** Id of that subscription's consumer. */
  readonly consumer: number
  /** Of the queue or partition that it was a subscription of: ids of consumers mean nothing beyond it. */
  readonly incarnation: number
  /** What goes on: offset and attempt of a lease, or of the first of so many that follow one another. */
  readonly held: readonly (readonly [offset: number, attempt: number, count: number])[]
}

/** What became of one publish. */
export interface Confirm {
  readonly ref: number
  /** Queues: one result per message; null for one that is stored and whose id is forgotten. */
  readonly results?: readonly (SendResult | null)[]
  /** Queues: how many of the first results are of messages that were stored before. */
  readonly repeatedCount?: number
  /** Partitions: where the records stand, null for a repeat of which that is forgotten. */
  readonly baseOffset?: number | null
  readonly appendedAt?: number
  readonly count?: number
  /** Partitions: whether the records were stored before. */
  readonly repeated?: boolean
  readonly failure?: Failure
}

/** An operation with the bytes that belong to it, empty where it has none. */
export interface Framed<Operation> {
  readonly operation: Operation
  readonly blob: Uint8Array
}

const VERSION = 1
const NO_BYTES = new Uint8Array(0)

/** Joins operations to one binary frame: their JSON, then their blobs. Frames are expensive, bytes are not. */
export function encodeFrames<Operation>(
  frames: readonly { readonly operation: Operation; readonly blob?: Uint8Array }[],
  text: { encode(text: string): Uint8Array },
): Uint8Array {
  const json = text.encode(JSON.stringify(frames.map((frame) => frame.operation)))
  const blobs = frames.map((frame) => frame.blob ?? NO_BYTES)
  const writer = new ByteWriter(json.length + blobs.reduce((bytes, blob) => bytes + blob.length + 8, 16))
  writer.u8(VERSION)
  writer.lengthAndBytes(json)
  for (const blob of blobs) writer.lengthAndBytes(blob)
  return writer.finish()
}

/** The inverse of `encodeFrames`. Throws CorruptError for what it did not write. */
export function decodeFrames<Operation>(
  bytes: Uint8Array,
  text: { decode(bytes: Uint8Array): string },
): Framed<Operation>[] {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown frame version")
  const operations = parseOperations<Operation>(text.decode(reader.lengthAndBytes()))
  return operations.map((operation) => ({ operation, blob: reader.lengthAndBytes() }))
}

function parseOperations<Operation>(json: string): Operation[] {
  try {
    return JSON.parse(json) as Operation[]
  } catch {
    throw new CorruptError("operations of a frame")
  }
}
