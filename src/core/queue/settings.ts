/** How long a nacked message waits before it is delivered again. */
export type RetryDelay =
  | { readonly kind: "constant"; readonly delayMs: number }
  | { readonly kind: "linear"; readonly stepMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly baseMs: number; readonly maxMs: number; readonly jitter: number }

/** What the owner of a queue may set. Times in milliseconds. */
export interface QueueSettings {
  /** `fifo` keeps strict order per message group. Fixed at creation. */
  readonly ordering: "standard" | "fifo"
  /** How long a delivered message is hidden unless the receive says otherwise. */
  readonly visibilityTimeoutMs: number
  /** Deliveries after which a message leaves, or null for no limit. */
  readonly maxDeliveries: number | null
  /** Where a message goes when it leaves, or null to drop and count it. */
  readonly deadLetterQueue: string | null
  /** Wait before a nacked message is delivered again. */
  readonly retryDelay: RetryDelay
}

/** The settings of a queue created with `{}`. */
export const DEFAULT_QUEUE_SETTINGS: QueueSettings = {
  ordering: "standard",
  visibilityTimeoutMs: 30_000,
  maxDeliveries: null,
  deadLetterQueue: null,
  retryDelay: { kind: "constant", delayMs: 0 },
}
