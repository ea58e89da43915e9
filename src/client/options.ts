/** A token, or what gives one: it is asked anew for every socket and every request. */
export type Token = string | (() => string | Promise<string>)

/** Where a broker is, and who asks. */
export interface AddressOptions {
  /** Such as `https://broker.example`; with a path where the broker is not at the root. */
  readonly url: string | URL
  readonly token: Token
  /** In place of the platform's. */
  readonly fetch?: typeof fetch
}

/** How a client is doing. */
export type ConnectionState = "connected" | "reconnecting" | "closed"

/** How a broker is reached. */
export interface ConnectionOptions extends AddressOptions {
  /** A WebSocket class, for Node 20: `import { WebSocket } from "ws"`. It is found by itself where `ws` is installed. */
  readonly webSocket?: unknown
  /** How long the first connection, and each later try, may take; 10,000. */
  readonly connectTimeoutMs?: number
  /** Ends the client at once: whatever is unanswered rejects with `aborted`. */
  readonly signal?: AbortSignal
  /** Told of every change, in a turn of its own. */
  readonly onStateChange?: (state: ConnectionState) => void
}
