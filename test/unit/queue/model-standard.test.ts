import fc from "fast-check"
import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"
import { MODEL_TIMEOUT_MS, PAUSES, RETRY_DELAYS } from "./model-settings.ts"
import { removing } from "./model-removing.ts"
import { producing } from "./model-producing.ts"
import { accepting, forwarding, receiving, sending, settling, subscribing } from "./model-steps.ts"

it(
  "[Q1] [Q22] [Q23] [Q36] [Q37] [Q39] [Q40] [Q46] [Q53] [Q54] with schedules, times to live, producers and retries every history is that of an array",
  () => {
    const kinds = { times: true, ttl: true }
    checkAgainstReference({
      settings: fc.record({
        visibilityTimeoutMs: fc.constantFrom(500, 30_000),
        retentionMs: fc.constantFrom(60_000, 120_000, 86_400_000),
        deadLetterQueue: fc.constantFrom(null, "dead", "dead"),
        onExpiry: fc.constantFrom("drop", "dead-letter"),
        maxDeliveries: fc.constantFrom(null, 1, 3),
        maxAttempts: fc.constantFrom(null, null, 2, 5),
        delayMs: fc.constantFrom(0, 0, 700, 10_000),
        retryDelay: fc.constantFrom(...RETRY_DELAYS),
      }),
      steps: fc.oneof(
        { weight: 3, arbitrary: sending(kinds) },
        { weight: 2, arbitrary: producing(kinds) },
        { weight: 3, arbitrary: receiving() },
        { weight: 4, arbitrary: settling() },
        accepting(kinds),
        removing(),
        subscribing(),
        forwarding(),
      ),
      changes: fc.oneof(
        fc.record({ maxDeliveries: fc.constantFrom(null, 1, 3) }),
        fc.record({ retentionMs: fc.constantFrom(60_000, 120_000) }),
        fc.record({ retryDelay: fc.constantFrom(...RETRY_DELAYS) }),
        fc.record({ onExpiry: fc.constantFrom("drop", "dead-letter") }),
        PAUSES,
      ),
      runs: 350,
    })
  },
  MODEL_TIMEOUT_MS,
)
