import type { DeliveryLimits } from "../../../src/core/delivery/types.ts"

export type Status =
  | { readonly kind: "available" }
  | { readonly kind: "delayed"; readonly at: number }
  | { readonly kind: "inFlight"; readonly consumer: number; readonly at: number }
  | { readonly kind: "done" }

export interface Message {
  readonly group: number
  readonly bytes: number
  readonly status: Status
  readonly attempt: number
  readonly count: number
  readonly firstAt: number
}

export interface Request extends DeliveryLimits {
  readonly consumer: number
  readonly maxMessages: number
  readonly untilAt: number
  readonly maxBytes: number
}

export interface Left {
  readonly offset: number
  readonly reason: "max_deliveries" | "rejected"
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly error: string | null
}

export interface Options extends DeliveryLimits {
  readonly delayMs: number
  readonly fault: boolean
  readonly error: string | null
}

export interface Taken {
  readonly offset: number
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
}
