import fc from "fast-check"
import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"
import { MODEL_TIMEOUT_MS, PAUSES, RETRY_DELAYS } from "./model-settings.ts"
import { removing } from "./model-removing.ts"
import { accepting, forwarding, receiving, sending, settling, subscribing } from "./model-steps.ts"

const GROUPS = ["A", "B", "C"]

it(
  "[Q14] [Q15] [Q16] [Q17] [Q30] [Q31] [Q34] [Q35] with groups, deduplication and dead letters every history is that of an array",
  () => {
    const kinds = { groups: GROUPS, isGrouped: true, dedup: true }
    checkAgainstReference({
      settings: fc.record({
        ordering: fc.constant("fifo"),
        visibilityTimeoutMs: fc.constantFrom(500, 30_000),
        deadLetterQueue: fc.constantFrom(null, "dead"),
        maxDeliveries: fc.constantFrom(null, 1, 2, 3),
        maxAttempts: fc.constantFrom(null, null, 4),
        dedupScope: fc.constantFrom("queue", "group"),
        dedupWindowMs: fc.constantFrom(0, 2_000, 20_000, 300_000),
        retryDelay: fc.constantFrom(...RETRY_DELAYS),
        maxInFlight: fc.constantFrom(120_000, 120_000, 5),
      }),
      steps: fc.oneof(
        { weight: 4, arbitrary: sending(kinds) },
        { weight: 3, arbitrary: receiving() },
        { weight: 4, arbitrary: settling() },
        accepting(kinds),
        removing(GROUPS),
        subscribing(),
        forwarding(),
      ),
      changes: fc.oneof(
        fc.record({ maxDeliveries: fc.constantFrom(null, 1, 3) }),
        fc.record({ dedupWindowMs: fc.constantFrom(0, 2_000, 20_000) }),
        fc.record({ deadLetterQueue: fc.constantFrom(null, "dead") }),
        PAUSES,
      ),
      runs: 300,
    })
  },
  MODEL_TIMEOUT_MS,
)

it(
  "[Q14] [Q16] [Q18] [Q19] [Q23] [Q36] with a single active consumer, delays and expiry every history is that of an array",
  () => {
    const kinds = { groups: GROUPS, isGrouped: true, ttl: true }
    checkAgainstReference({
      settings: fc.record({
        ordering: fc.constant("fifo"),
        singleActiveConsumer: fc.constantFrom(true, true, false),
        visibilityTimeoutMs: fc.constantFrom(500, 30_000),
        retentionMs: fc.constantFrom(60_000, 86_400_000),
        deadLetterQueue: fc.constantFrom(null, "dead"),
        onExpiry: fc.constantFrom("drop", "dead-letter"),
        maxDeliveries: fc.constantFrom(null, 3),
        delayMs: fc.constantFrom(0, 0, 700, 10_000),
      }),
      steps: fc.oneof(
        { weight: 3, arbitrary: sending(kinds) },
        { weight: 1, arbitrary: receiving() },
        { weight: 4, arbitrary: settling() },
        { weight: 3, arbitrary: subscribing() },
        accepting(kinds),
        removing(GROUPS),
      ),
      changes: fc.oneof(fc.record({ singleActiveConsumer: fc.boolean() }), PAUSES),
      runs: 300,
    })
  },
  MODEL_TIMEOUT_MS,
)
