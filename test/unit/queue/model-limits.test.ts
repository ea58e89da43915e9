import fc from "fast-check"
import { it } from "vitest"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { checkAgainstReference } from "./model.ts"
import { MODEL_TIMEOUT_MS } from "./model-settings.ts"
import { removing } from "./model-removing.ts"
import { producing } from "./model-producing.ts"
import { accepting, forwarding, receiving, sending, settling, subscribing } from "./model-steps.ts"

/** Limits that are met often. */
const LIMITS: fc.Arbitrary<Partial<QueueSettings>> = fc.record({
  maxMessages: fc.constantFrom(null, 1, 4, 12),
  maxBytes: fc.constantFrom(null, null, 40, 200),
  maxInFlight: fc.constantFrom(3, 120_000),
  overflow: fc.constantFrom("reject", "drop-oldest", "dead-letter"),
})

for (const ordering of ["standard", "fifo"] as const) {
  it(
    `[Q21] [Q41] [Q42] [Q43] [Q44] [Q53] [Q54] [Q55] with limits and producers every history of a ${ordering} queue is that of an array`,
    () => {
      const isGrouped = ordering === "fifo"
      const kinds = { dedup: true, ttl: true, ...(isGrouped ? { groups: ["A", "B"], isGrouped } : { times: true }) }
      checkAgainstReference({
        settings: fc
          .record({
            limits: LIMITS,
            visibilityTimeoutMs: fc.constantFrom(500, 30_000),
            maxDeliveries: fc.constantFrom(null, 2),
            delayMs: fc.constantFrom(0, 0, 0, 700),
          })
          .map(({ limits, ...rest }) => ({ ordering, deadLetterQueue: "dead", ...limits, ...rest })),
        steps: fc.oneof(
          { weight: 3, arbitrary: sending(kinds) },
          { weight: 3, arbitrary: producing(kinds) },
          { weight: 3, arbitrary: receiving() },
          { weight: 4, arbitrary: settling() },
          accepting(kinds),
          removing(),
          subscribing(),
          forwarding(),
        ),
        changes: LIMITS,
        runs: 250,
      })
    },
    MODEL_TIMEOUT_MS,
  )
}
