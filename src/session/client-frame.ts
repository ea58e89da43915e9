import type { Subscription, TopicPartition } from "../core/group/commands.ts"
import type { ProducerBatch } from "../core/producers/producer-state.ts"
import type { AppendTerms } from "../core/stream/commands.ts"
import type { ResumedLeases } from "../protocol/internal/frames.ts"
import type { JsonObject } from "../protocol/native/fields.ts"
import type { Messages } from "../protocol/native/messages.ts"
import type { RoutedRecord } from "../protocol/native/records.ts"
import type { ParsedSettlement, SettleKind } from "../protocol/native/settlements.ts"
import type { CommitBatch } from "../protocol/native/offset-commits.ts"
import type { ParsedShareSettlement } from "../protocol/native/share-settlements.ts"
import type { Grant } from "./credit.ts"
import type { GroupOwner } from "./subscriptions.ts"

/** What a client says, checked as far as that is possible without knowing the settings of names. */
export type ClientFrame =
  | {
      readonly type: "publish-messages"
      readonly ref: number
      readonly queue: string
      readonly messages: Messages
      /** Pointer to the list of messages. */
      readonly place: string
      /** By whom, where a repeat is to be recognised. */
      readonly producer: ProducerBatch | null
    }
  | {
      readonly type: "publish-records"
      readonly ref: number
      readonly topic: string
      readonly records: readonly RoutedRecord[]
      /** Pointer to the list of records. */
      readonly place: string
      readonly terms: AppendTerms | null
      /** That of all records, none of which names one then; null where each goes its own way. */
      readonly partition: number | null
      /** Number of the topic's partitions that the client went by, or null where it left the choice to the broker. */
      readonly partitions: number | null
    }
  | { readonly type: "open-producer"; readonly ref: number; readonly name: string | null }
  | { readonly type: "describe"; readonly ref: number; readonly topic: string }
  | {
      readonly type: "subscribe-queue"
      readonly sub: number
      readonly queue: string
      readonly grant: Grant
      readonly visibilityTimeoutMs: number | null
      readonly resume: ResumedLeases | null
      readonly binary: boolean
    }
  | {
      readonly type: "subscribe-partition"
      readonly sub: number
      readonly topic: string
      readonly partition: number
      readonly from: number | "earliest" | "latest"
      readonly owner: GroupOwner | null
      readonly grant: Grant
      readonly binary: boolean
    }
  | {
      readonly type: "subscribe-share"
      readonly sub: number
      readonly topic: string
      readonly partition: number
      readonly group: string
      readonly grant: Grant
      readonly lockDurationMs: number | null
      readonly resume: ResumedLeases | null
      readonly binary: boolean
    }
  | { readonly type: "credit"; readonly sub: number; readonly grant: Grant }
  | { readonly type: "drain"; readonly sub: number }
  | { readonly type: "unsubscribe"; readonly sub: number }
  | {
      readonly type: "settle-queue"
      readonly ref: number
      readonly queue: string
      readonly settlements: readonly ParsedSettlement[]
    }
  | {
      readonly type: "settle-share"
      readonly ref: number
      readonly topic: string
      readonly group: string
      readonly settlements: readonly ParsedShareSettlement[]
    }
  /** What its receipts are of is known by the subscription, and with that what the frame may hold. */
  | {
      readonly type: "settle-subscribed"
      readonly ref: number
      readonly sub: number
      readonly kind: SettleKind
      readonly value: JsonObject
    }
  | {
      readonly type: "join"
      readonly sub: number
      readonly group: string
      readonly instanceId: string | null
      /** Who it was before its socket broke, or null for a new member. */
      readonly memberId: string | null
      /** Null only where it goes on as the member that it was. */
      readonly subscription: Subscription | null
    }
  | {
      readonly type: "heartbeat"
      readonly sub: number
      readonly owned: readonly TopicPartition[] | null
      /** Replaces the member's, or null. */
      readonly subscription: Subscription | null
    }
  | { readonly type: "leave"; readonly sub: number }
  | ({ readonly type: "commit"; readonly ref: number; readonly group: string } & CommitBatch)
  | { readonly type: "ping" }
  /** All that was sent before the broker's ping `id` has been read. */
  | { readonly type: "pong"; readonly id: number }

/** Frames of one type, or of some. */
export type FrameOf<Type extends ClientFrame["type"]> = Extract<ClientFrame, { readonly type: Type }>
