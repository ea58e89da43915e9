import type { RetryDelay } from "./settings.ts"

/** How long a message waits after its `deliveryCount`-th delivery failed. `random` is in [0, 1). */
export function retryDelayMs(policy: RetryDelay, deliveryCount: number, random: number): number {
  switch (policy.kind) {
    case "constant":
      return policy.delayMs
    case "linear":
      return Math.min(policy.stepMs * deliveryCount, policy.maxMs)
    case "exponential": {
      const fullMs = Math.min(policy.baseMs * 2 ** (deliveryCount - 1), policy.maxMs)
      return Math.round(fullMs * (1 - policy.jitter * random))
    }
  }
}
