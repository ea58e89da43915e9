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
    }
  /** Asks a group's coordinator to say when something changes for a member; no heartbeat. */
  | { readonly type: "watch-member"; readonly sub: number; readonly memberId: string }
  | { readonly type: "credit"; readonly sub: number; readonly grantedMessages: number; readonly grantedBytes: number }
  /** Ends a subscription; answered by `ended` after everything that was delivered. Its leases go back at once. */
  | { readonly type: "unsubscribe"; readonly sub: number }
  /** Publishes `counts[i]` of the blob's submissions for each ref; the blob is a submission batch. */
  | {
      readonly type: "publish"
      readonly refs: readonly number[]
      readonly counts: readonly number[]
      /** Of the one ref, where it asks a partition for more than to be stored. */
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
    }
  /** A share group's subscription has begun; receipts name the state. */
  | {
      readonly type: "share-subscribed"
      readonly sub: number
      readonly incarnation: number
      readonly stateId: number
      readonly stateGeneration: number
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
  | { readonly type: "settled"; readonly ref: number; readonly results: SettleReply }
  | { readonly type: "share-settled"; readonly ref: number; readonly outcomes: readonly ShareOutcome[] }
  | { readonly type: "ended"; readonly sub: number; readonly failure: Failure | null }
  /** The frame could not be served; `ref` and `sub` say what it was about. */
  | {
      readonly type: "failed"
      readonly refs: readonly number[]
      readonly sub: number | null
      readonly failure: Failure
    }

/** What became of one publish. */
export interface Confirm {
  readonly ref: number
  /** Queues: one result per message. */
  readonly results?: readonly SendResult[]
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
