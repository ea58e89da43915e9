import fc from "fast-check"
import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"
import { MODEL_TIMEOUT_MS, PAUSES } from "./model-settings.ts"
import { removing } from "./model-removing.ts"
import { accepting, forwarding, receiving, sending, settling, subscribing } from "./model-steps.ts"

it(
  "[Q20] [Q23] [Q36] [Q42] with tenants every history is that of an array, whoever comes first",
  () => {
    const kinds = { groups: ["A", "B", "C"], times: true, ttl: true, dedup: true }
    checkAgainstReference({
      settings: fc.record({
        fair: fc.constant(true),
        visibilityTimeoutMs: fc.constantFrom(500, 30_000),
        retentionMs: fc.constantFrom(60_000, 86_400_000),
        deadLetterQueue: fc.constantFrom(null, "dead"),
        maxDeliveries: fc.constantFrom(null, 2),
        delayMs: fc.constantFrom(0, 0, 700),
        maxMessages: fc.constantFrom(null, null, 12),
        overflow: fc.constantFrom("reject", "drop-oldest"),
        maxInFlight: fc.constantFrom(120_000, 120_000, 5),
        singleActiveConsumer: fc.constantFrom(false, false, true),
      }),
      steps: fc.oneof(
        { weight: 4, arbitrary: sending(kinds) },
        { weight: 3, arbitrary: receiving() },
        { weight: 3, arbitrary: settling() },
        accepting(kinds),
        removing(["A", "B", "C"]),
        subscribing([1_000_000]),
        forwarding(),
      ),
      changes: fc.oneof(fc.record({ maxDeliveries: fc.constantFrom(null, 2) }), PAUSES),
      runs: 250,
    })
  },
  MODEL_TIMEOUT_MS,
)
