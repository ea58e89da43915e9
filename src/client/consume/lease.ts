import type { WireContent } from "../../protocol/native/wire-deliver-decode.ts"
import type { MillraceError } from "../errors.ts"
import type { Subscription } from "./subscription.ts"

/** What is leased, as it came. */
export type Delivered = WireContent & { readonly receipt: string; readonly deliveryCount: number }

/** One message or record that this client has for a while. */
export interface Lease<Entry> {
  readonly entry: Entry
  readonly receipt: string
  readonly bytes: number
  /** Names those that it must not be mixed up with; null where order does not matter. */
  readonly group: string | null
  readonly source: LeaseOrigin<Entry>
  /** When the broker gives it to somebody else, as far as this clock knows. */
  expiresAt: number
  /** Whether it is extended for as long as it lasts. */
  isKept: boolean
  isExtending: boolean
  /** Somebody said what is to become of it. */
  isSettled: boolean
  isOver: boolean
  /** It is somebody else's now. */
  onLost: (error: MillraceError) => void
}

/** The subscription that it came from, with all that it has leased. */
export interface LeaseOrigin<Entry> {
  readonly subscription: Pick<Subscription, "release">
  readonly leases: { delete(lease: Lease<Entry>): boolean }
  readonly place: LeaseTarget
}

/** What queues and share groups differ in. */
export interface LeaseKind<Entry> {
  /** Names the queue, or the topic and its share group, in whatever is said. */
  readonly target: Readonly<Record<string, string>>
  /** What the time of a lease is called. */
  readonly timeField: "visibilityTimeoutMs" | "lockDurationMs"
  readonly decode: (batch: Uint8Array) => Entry[]
  /** Whether there is an order among those of one group or key. */
  readonly ordered: boolean
}

/** What a subscription says besides what is the same for all of its kind. */
export interface LeaseTarget {
  readonly partition?: number
}
