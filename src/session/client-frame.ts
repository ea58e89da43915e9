import type { Subscription, TopicPartition } from "../core/group/commands.ts"
import type { AppendTerms } from "../core/stream/commands.ts"
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
    }
  | {
      readonly type: "publish-records"
      readonly ref: number
      readonly topic: string
      readonly records: readonly RoutedRecord[]
      readonly terms: AppendTerms | null
    }
  | {
      readonly type: "subscribe-queue"
      readonly sub: number
      readonly queue: string
      readonly grant: Grant
      readonly visibilityTimeoutMs: number | null
    }
  | {
      readonly type: "subscribe-partition"
      readonly sub: number
      readonly topic: string
      readonly partition: number
      readonly from: number | "earliest" | "latest"
      readonly owner: GroupOwner | null
      readonly grant: Grant
    }
  | {
      readonly type: "subscribe-share"
      readonly sub: number
      readonly topic: string
      readonly partition: number
      readonly group: string
      readonly grant: Grant
      readonly lockDurationMs: number | null
    }
  | { readonly type: "credit"; readonly sub: number; readonly grant: Grant }
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
      readonly subscription: Subscription
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

/** Frames of one type, or of some. */
export type FrameOf<Type extends ClientFrame["type"]> = Extract<ClientFrame, { readonly type: Type }>
