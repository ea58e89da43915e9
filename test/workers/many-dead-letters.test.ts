import { env } from "cloudflare:workers"
import { expect, it } from "vitest"
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue/settings.ts"
import { MAX_DEPARTURES_PER_COMMIT } from "../../src/core/limits.ts"
import { batchOf } from "./support.ts"

const STEP = { incarnation: 1, version: 1 }

it("[Q11] more messages than leave in one commit leave in several, and all arrive", async () => {
  const count = MAX_DEPARTURES_PER_COMMIT * 5 + 1
  const dead = env.QUEUES.getByName("default/all-dead/0")
  await dead.init({ ...STEP, settings: DEFAULT_QUEUE_SETTINGS })
  const stub = env.QUEUES.getByName("default/all-poison/0")
  const settings = {
    ...DEFAULT_QUEUE_SETTINGS,
    maxDeliveries: 1,
    deadLetterQueue: "all-dead",
    visibilityTimeoutMs: 100,
  }
  await stub.init({ ...STEP, settings })
  await stub.send(STEP.version, batchOf(Array.from({ length: count }, (_, index) => String(index))))
  await stub.receive(STEP.version, { maxMessages: 1000, visibilityTimeoutMs: null, attemptId: null })
  await expect.poll(() => dead.statistics(STEP.version), { timeout: 10_000 }).toMatchObject({ value: { ready: count } })
  await expect
    .poll(() => stub.statistics(STEP.version), { timeout: 5000 })
    .toMatchObject({ value: { ready: 0, inFlight: 0, bytes: 0, deadLettered: count, forwarding: 0 } })
})
