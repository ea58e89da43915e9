import { describe, expect, it } from "vitest"
import { MAX_DEPARTURES_PER_COMMIT } from "../../../src/core/limits.ts"
import type { RetryDelay } from "../../../src/core/queue/settings.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

const TIMEOUT_MS = 30_000

/** How long each of the first deliveries is waited for, with a reload in every wait. */
function waits(retryDelay: RetryDelay, deliveries: number): number[] {
  const scene = QueueScene.create({ retryDelay })
  scene.sent([{ body: "1" }], NOW)
  let now = NOW
  return Array.from({ length: deliveries }, () => {
    const [message] = scene.receive({}, now)
    scene.nack(message!, now)
    scene.reload()
    const from = now
    now = scene.queue.nextDeadlineAt!
    scene.alarm(now - 1)
    expect(scene.receive({}, now - 1)).toEqual([])
    return now - from
  })
}

describe("a nacked message", () => {
  it("[Q39] waits as the queue says, longer from delivery to delivery up to a limit", () => {
    expect(waits({ kind: "constant", delayMs: 700 }, 3)).toEqual([700, 700, 700])
    expect(waits({ kind: "linear", stepMs: 400, maxMs: 1_000 }, 4)).toEqual([400, 800, 1_000, 1_000])
    expect(waits({ kind: "exponential", baseMs: 100, maxMs: 1_000, jitter: 0 }, 5)).toEqual([100, 200, 400, 800, 1_000])
    // the scene's chance is always one half
    expect(waits({ kind: "exponential", baseMs: 100, maxMs: 1_000, jitter: 0.5 }, 3)).toEqual([75, 150, 300])
  })

  it("[Q39] [Q40] without fault waits no longer than after its first delivery", () => {
    const scene = QueueScene.create({ retryDelay: { kind: "linear", stepMs: 400, maxMs: 10_000 } })
    scene.sent([{ body: "1" }], NOW)
    let now = NOW
    for (let attempt = 1; attempt <= 3; attempt++) {
      const [message] = scene.receive({}, now)
      expect(message).toMatchObject({ attempt, deliveryCount: 1 })
      scene.nack(message!, now, { fault: false })
      expect(scene.queue.nextDeadlineAt).toBe(now + 400)
      now += 400
    }
  })

  it("[Q40] without fault has ten times as many deliveries, across restarts", () => {
    const scene = QueueScene.create({ maxDeliveries: 2, deadLetterQueue: "dead" })
    scene.sent([{ body: "1" }], NOW)
    for (let attempt = 1; attempt <= 20; attempt++) {
      const [message] = scene.receive({}, NOW + attempt)
      expect(message).toMatchObject({ attempt, deliveryCount: 1 })
      scene.reload()
      scene.nack(message!, NOW + attempt, { fault: false, error: "not mine" })
    }
    expect(scene.receive({}, NOW + 100)).toEqual([])
    const [letter] = scene.outbox()
    expect(letter!.headers).toMatchObject({
      "millrace-dead-letter-reason": "max_deliveries",
      "millrace-dead-letter-delivery-count": "1",
      "millrace-dead-letter-error": "not mine",
    })
  })

  it("[Q40] leaves at maxAttempts also where there is no maxDeliveries, and one that goes back undelivered counts", () => {
    const scene = QueueScene.create({ maxAttempts: 3 })
    scene.sent([{ body: "1" }], NOW)
    const [first] = scene.receive({}, NOW)
    scene.nack(first!, NOW)
    const [second] = scene.receive({}, NOW)
    scene.subscribe({ id: 1, grantedMessages: 0 }, NOW)
    scene.nack(second!, NOW, { fault: false })
    scene.grant(1, 10, NOW)
    expect(scene.takePushed().flatMap(({ messages }) => messages.map(({ attempt }) => attempt))).toEqual([3])
    scene.unsubscribe(1, NOW)
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, dropped: 0 })
    scene.reload()
    expect(scene.receive({}, NOW)).toEqual([])
    expect(scene.statistics(NOW)).toMatchObject({ ready: 0, dropped: 1, bytes: 0 })
  })
})

describe("messages that run out together", () => {
  it("[Q8] [Q11] leave in slices, and those beyond wait for the next without another delivery", () => {
    const count = 2 * MAX_DEPARTURES_PER_COMMIT + 10
    const scene = QueueScene.create({ maxDeliveries: 1, deadLetterQueue: "dead" })
    scene.sent(
      Array.from({ length: count }, (_, index) => ({ body: `${index}` })),
      NOW,
    )
    expect(scene.receive({ maxMessages: count }, NOW)).toHaveLength(count)
    for (let left = count; left > 0;) {
      expect(scene.queue.nextDeadlineAt).toBe(NOW + TIMEOUT_MS)
      expect(scene.receive({}, NOW + TIMEOUT_MS)).toEqual([])
      left = Math.max(0, left - MAX_DEPARTURES_PER_COMMIT)
      expect(scene.statistics(NOW + TIMEOUT_MS)).toMatchObject({ inFlight: left, deadLettered: count - left })
      scene.reload()
    }
    expect(new Set(scene.outbox().map(({ body }) => body)).size).toBe(count)
  })
})
