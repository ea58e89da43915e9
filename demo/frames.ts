import type { Outcome, Problem } from "./client.ts"

/** A record as it is read. */
export interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key?: string | null
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A message as it is delivered. */
export interface Message {
  readonly id: string
  readonly body: unknown
  readonly receipt: string
  readonly deliveryCount: number
  readonly sentAt: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The outcome of an ack or a nack. */
export type Settled = Outcome<{ readonly ok: true }>

/** What a queue subscription receives. */
export interface MessageDelivery {
  readonly type: "deliver"
  readonly sub: number
  readonly messages: readonly Message[]
}

/** What a partition subscription receives. */
export interface RecordDelivery {
  readonly type: "deliver"
  readonly sub: number
  readonly records: readonly ReadRecord[]
  /** Where the next delivery begins. */
  readonly nextOffset: number
  readonly endOffset: number
}

/** Everything that the broker says on a socket. */
export type ServerFrame =
  | { readonly type: "confirm"; readonly ref: number; readonly results: readonly Outcome<{ readonly id: string }>[] }
  | { readonly type: "settled"; readonly ref: number; readonly results: readonly Settled[] }
  | { readonly type: "subscribed"; readonly sub: number }
  | { readonly type: "unsubscribed"; readonly sub: number; readonly problem?: Problem }
  | MessageDelivery
  | RecordDelivery
  | { readonly type: "error"; readonly ref?: number; readonly sub?: number; readonly problem: Problem }
  | { readonly type: "pong" }
