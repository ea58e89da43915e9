import type { Failure } from "../core/errors.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import type { Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import type { Framed, FromObject } from "../protocol/internal/frames.ts"

/** The Worker's end of an internal socket that is open. */
export interface ObjectSocket {
  send(frame: Uint8Array): void
  close(code: number, reason: string): void
}

/** What an internal socket says after it was opened. */
export interface ObjectSocketEvents {
  received(frames: readonly Framed<FromObject>[]): void
  /** It ended, whoever ended it; said once. */
  closed(code: number, reason: string): void
}

/** Opens an internal socket to one object, for a caller that believes in `version`. Never rejects. */
export type Dial = (version: number, events: ObjectSocketEvents) => Promise<Result<ObjectSocket, Failure>>

/** Settings of a name: `fresh` asks the catalog, else what the Worker remembers will do. */
export type Resolve<Settings> = (name: string, fresh: boolean) => Promise<Result<CatalogEntry<Settings>, Failure>>

/** Everything a session reaches: names of its caller's namespace, and the objects behind them. */
export interface SessionContext {
  readonly resolveQueue: Resolve<QueueSettings>
  readonly resolveTopic: Resolve<TopicSettings>
  readonly dialQueue: (queue: string) => Dial
  readonly dialPartition: (topic: string, partition: number) => Dial
}

/** The client's end, as a session sees it. */
export interface ClientPort {
  send(text: string): void
}

/** Codes of the internal socket: a goodbye gives the leases back at once, a broken client's wait for it. */
export const CLOSE_GOODBYE = 1000
export const CLOSE_BROKEN = 3001

/** How long a client waits before it tries an object again that went away. */
export const RETRY_AFTER_MS = 1000
