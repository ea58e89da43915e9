/** What both ways to receive leases have in common. */
export interface LeaseOptions {
  /** How many are held at most, those that are worked on included. */
  readonly prefetch?: number
  /** How long one is leased at a time; 30,000. */
  readonly visibilityTimeoutMs?: number
  /**
   * Whether handlers work on messages of one group, or records of one key, one after the other; true. False where groups
   * are the tenants of a fair queue, whose messages may be worked on together.
   */
  readonly ordered?: boolean
  /** Ends it: a consumer stops, a loop throws `aborted`. */
  readonly signal?: AbortSignal
}

/** What a handler gets besides its message. */
export interface HandlerContext {
  /** Aborted when the message is lost, or when its consumer was to stop and did not within its time. */
  readonly signal: AbortSignal
}

/** How handlers are run. */
export interface ConsumeOptions<M> extends LeaseOptions {
  /** How many handlers run at once; 10. `prefetch` is twice as much where it is left out. */
  readonly concurrency?: number
  /**
   * Told of what handlers throw, of messages that can't be decoded (`message` is null then), and of what can't be
   * settled. The consumer goes on.
   */
  readonly onError?: (error: unknown, message: M | null) => void
}

/** How a loop takes messages. */
export interface MessagesOptions extends LeaseOptions {
  /** Whether what the loop was given is extended until it is settled; else that is up to the loop. */
  readonly autoExtend?: boolean
  /** What becomes of a message that can't be decoded: it is given back as a fault, or the loop throws; `nack`. */
  readonly onDecodeError?: "nack" | "throw"
}

/** How long a lease lasts. */
export const DEFAULT_LEASE_MS = 30_000
export const DEFAULT_CONCURRENCY = 10
export const DEFAULT_LOOP_PREFETCH = 20
