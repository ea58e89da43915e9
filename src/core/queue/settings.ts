/** How long a nacked message waits before it is delivered again. */
export type RetryDelay =
  | { readonly kind: "constant"; readonly delayMs: number }
  | { readonly kind: "linear"; readonly stepMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly baseMs: number; readonly maxMs: number; readonly jitter: number }

/** What a full queue does with a send: refuse it, or make room by letting its oldest message go. */
export type Overflow = "reject" | "drop-oldest" | "dead-letter"

/** What the owner of a queue may set. Times in milliseconds. */
export interface QueueSettings {
  /** `fifo` keeps strict order per message group. Fixed at creation. */
  readonly ordering: "standard" | "fifo"
  /** The group id names a tenant, and a noisy tenant does not delay quiet ones. Fixed at creation, `standard` only. */
  readonly fair: boolean
  /** One subscription at a time gets messages: the one that joined first. */
  readonly singleActiveConsumer: boolean
  /** How long a delivered message is hidden unless the receive says otherwise. */
  readonly visibilityTimeoutMs: number
  /** How long a message is kept, from its entry into the log. */
  readonly retentionMs: number
  /** How long every message is held back before it can be delivered. */
  readonly delayMs: number
  /** Deliveries after which a message leaves, or null for no limit. */
  readonly maxDeliveries: number | null
  /** Deliveries after which a message leaves, those that were no fault of it included; null for ten times `maxDeliveries`. */
  readonly maxAttempts: number | null
  /** Where a message goes when it leaves, or null to drop and count it. */
  readonly deadLetterQueue: string | null
  /** Wait before a nacked message is delivered again. */
  readonly retryDelay: RetryDelay
  /** What becomes of messages that were kept for too long. */
  readonly onExpiry: "drop" | "dead-letter"
  /** Whether a message without a deduplication id is deduplicated by its body. */
  readonly contentDeduplication: boolean
  /** Whether a deduplication id counts in the whole queue or within its message group. */
  readonly dedupScope: "queue" | "group"
  /** How long a deduplication id is remembered; 0 forgets at once. */
  readonly dedupWindowMs: number
  /** Messages kept, scheduled and in flight ones included, or null for no limit. */
  readonly maxMessages: number | null
  /** Bytes of messages kept, or null for no limit but the object's own. */
  readonly maxBytes: number | null
  readonly maxInFlight: number
  readonly overflow: Overflow
  readonly sendingPaused: boolean
  readonly deliveryPaused: boolean
  /** Text that owners and doors keep with the queue, by name. The broker never looks at it. */
  readonly annotations: Readonly<Record<string, string>>
}

/** Settings to change; what is left out stays. Annotations are merged by name, and one that is null goes. */
export type QueuePatch = Partial<Omit<QueueSettings, "annotations">> & {
  readonly annotations?: Readonly<Record<string, string | null>>
}

/** The settings of a queue created with `{}`. */
export const DEFAULT_QUEUE_SETTINGS: QueueSettings = {
  ordering: "standard",
  fair: false,
  singleActiveConsumer: false,
  visibilityTimeoutMs: 30_000,
  retentionMs: 4 * 24 * 60 * 60 * 1000,
  delayMs: 0,
  maxDeliveries: null,
  maxAttempts: null,
  deadLetterQueue: null,
  retryDelay: { kind: "constant", delayMs: 0 },
  onExpiry: "drop",
  contentDeduplication: false,
  dedupScope: "queue",
  dedupWindowMs: 5 * 60 * 1000,
  maxMessages: null,
  maxBytes: null,
  maxInFlight: 120_000,
  overflow: "reject",
  sendingPaused: false,
  deliveryPaused: false,
  annotations: {},
}

/** Settings as they were stored, maybe before some of them existed. */
export function withDefaults(stored: Partial<QueueSettings>): QueueSettings {
  return { ...DEFAULT_QUEUE_SETTINGS, ...stored }
}

/** `settings` as `patch` changes them. */
export function withPatch(settings: QueueSettings, { annotations, ...patch }: QueuePatch): QueueSettings {
  if (annotations === undefined) return { ...settings, ...patch }
  const merged = Object.entries({ ...settings.annotations, ...annotations }).filter(([, text]) => text !== null)
  return { ...settings, ...patch, annotations: Object.fromEntries(merged) as Record<string, string> }
}

/** How much more a message may be tried without fault than with. */
const FAULTLESS_FACTOR = 10

/** Deliveries after which a message leaves whoever was at fault, or null. */
export function attemptsLimit({
  maxAttempts,
  maxDeliveries,
}: Pick<QueueSettings, "maxAttempts" | "maxDeliveries">): number | null {
  return maxAttempts ?? (maxDeliveries === null ? null : maxDeliveries * FAULTLESS_FACTOR)
}
