import { runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { expect, it } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue/settings.ts"
import { batchOf, textOf } from "./support.ts"

/** How long the target is slow: more than the source's next life needs to begin. */
const SLOW_MS = 2_000

const dead = env.QUEUES.getByName("default/lives-dead/0")
const stub = env.QUEUES.getByName("default/lives-orders/0")

/** Begins a life of the source, and rejects messages of these bodies in it. */
async function rejectIn(incarnation: number, bodies: readonly string[]): Promise<void> {
  const settings = { ...DEFAULT_QUEUE_SETTINGS, deadLetterQueue: "lives-dead" }
  expect((await stub.init({ incarnation, version: 1, settings })).ok).toBe(true)
  await stub.send(1, batchOf(bodies))
  const received = await stub.receive(1, { maxMessages: 10, visibilityTimeoutMs: null, attemptId: null })
  if (!received.ok) throw new Error(received.error.code)
  const settlements = decodeDeliveries(received.value.deliveries).map(({ offset, attempt }) => {
    const receipt = { incarnation, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt }
    return { kind: "reject" as const, receipt, error: null }
  })
  expect(await stub.settle(1, settlements)).toEqual({ ok: true, value: bodies.map(() => null) })
}

it("[Q11] dead letters of a queue that was created again arrive, whatever its former life still had under way", async () => {
  await dead.init({ incarnation: 1, version: 1, settings: DEFAULT_QUEUE_SETTINGS })
  const slow = runInDurableObject(dead, (_, state) => state.blockConcurrencyWhile(() => scheduler.wait(SLOW_MS)))
  await rejectIn(1, ["old 1", "old 2", "old 3"])
  await stub.destroy(1)
  await rejectIn(2, ["new"])
  await slow
  await expect.poll(() => dead.statistics(1), { timeout: 20_000 }).toMatchObject({ value: { ready: 4 } })
  await expect.poll(() => stub.statistics(1), { timeout: 20_000 }).toMatchObject({ value: { forwarding: 0 } })
  const received = await dead.receive(1, { maxMessages: 10, visibilityTimeoutMs: null, attemptId: null })
  const frames = received.ok ? decodeDeliveries(received.value.deliveries).map(({ frame }) => textOf(frame)) : []
  expect(frames).toEqual(["old 1", "old 2", "old 3", "new"])
})
