import type { AppendTerms } from "../core/stream/commands.ts"
import type { Messages } from "../protocol/native/messages.ts"
import type { RoutedRecord } from "../protocol/native/records.ts"
import type { ParsedSettlement } from "../protocol/native/settlements.ts"
import type { Grant } from "./credit.ts"

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
      readonly grant: Grant
    }
  | { readonly type: "credit"; readonly sub: number; readonly grant: Grant }
  | { readonly type: "unsubscribe"; readonly sub: number }
  | {
      readonly type: "settle"
      readonly ref: number
      /** The queue by name, or by a subscription of it. */
      readonly queue: string | number
      readonly settlements: readonly ParsedSettlement[]
    }
  | { readonly type: "ping" }

/** Frames of one type, or of some. */
export type FrameOf<Type extends ClientFrame["type"]> = Extract<ClientFrame, { readonly type: Type }>
