import { describe, expect, it } from "vitest"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { purgeAll } from "./model-removing.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Outgoing, type Received } from "./scene-messages.ts"

const WINDOW_MS = 60_000

describe("a deduplication id", () => {
  /** What can become of the first message before its repeat comes. */
  const fates: Record<string, (scene: QueueScene, messages: readonly Received[]) => void> = {
    acknowledged: (scene, [message]) => void scene.ack(message!, NOW + 1),
    "dead-lettered": (scene, [message]) => void scene.reject(message!, NOW + 1),
    purged: (scene) => void scene.command(NOW + 1, () => purgeAll(["in_flight"], null, scene, NOW + 1)),
    expired: (scene, [message]) => void scene.nack(message!, NOW + 30_000),
  }
  for (const [fate, happen] of Object.entries(fates)) {
    it(`[Q30] [Q31] [Q34] is remembered to the millisecond, its message being ${fate}`, () => {
      const scene = QueueScene.create({ deadLetterQueue: "dead", dedupWindowMs: WINDOW_MS })
      const message = { body: "1", dedupId: "x", ttlMs: 20_000 }
      const [first] = scene.sent([message], NOW)
      happen(scene, scene.receive({ visibilityTimeoutMs: 40_000 }, NOW))
      scene.alarmsUntil(NOW + 45_000)
      expect(scene.statistics(NOW + 45_000)).toMatchObject({ ready: 0, inFlight: 0 })
      scene.reload()
      expect(scene.sent([message, message], NOW + WINDOW_MS - 1)).toEqual([first, first])
      expect(scene.statistics(NOW + WINDOW_MS)).toMatchObject({ sent: 1, deduplicated: 2, ready: 0 })
      scene.reload()
      expect(scene.sent([message], NOW + WINDOW_MS)).toEqual([first! + 1])
    })
  }

  it("[Q58] is forgotten by a purge that says so, if it was sent before, and by no other", () => {
    const scene = QueueScene.create({ dedupWindowMs: WINDOW_MS })
    const [message, other] = [
      { body: "1", dedupId: "x" },
      { body: "2", dedupId: "y" },
    ]
    const [first] = scene.sent([message], NOW)
    const purge = (forgetsDedup: boolean) =>
      scene.command(NOW, () => purgeAll(["ready"], null, scene, NOW, forgetsDedup))
    purge(false)
    expect(scene.sent([message], NOW)).toEqual([first])
    purge(true)
    scene.reload()
    const [second, third] = scene.sent([message, other], NOW)
    expect([second, third]).toEqual([first! + 1, first! + 2])
    expect(scene.sent([message, other], NOW)).toEqual([second, third])
    // loaded again, the id stands there twice: the purged message's and the later one's
    scene.reload()
    expect(scene.sent([message, other], NOW)).toEqual([second, third])
    expect(scene.statistics(NOW)).toMatchObject({ ready: 2, deduplicated: 5 })
  })

  it("[Q31] is remembered from the send of a message that is scheduled, and for the window of that time", () => {
    const scene = QueueScene.create({ dedupWindowMs: WINDOW_MS })
    const message = { body: "1", dedupId: "x", delayMs: 10 * WINDOW_MS }
    const [first] = scene.sent([message], NOW)
    scene.configure({ dedupWindowMs: 0 })
    scene.reload()
    expect(scene.sent([message], NOW + WINDOW_MS - 1)).toEqual([first])
    expect(scene.sent([message, message], NOW + WINDOW_MS)).toEqual([2, 3])
  })

  it("[Q32] costs a row a commit, and none where it is not used", () => {
    const scene = QueueScene.create()
    scene.sent(
      Array.from({ length: 100 }, (_, index) => ({ body: "1", dedupId: `${index}` })),
      NOW,
    )
    expect(scene.rowsIn("dedup")).toBe(1)
    scene.sent([{ body: "1" }], NOW)
    expect(scene.rowsIn("dedup")).toBe(1)
  })

  it("[Q35] is not looked at where a message moves here, nor remembered", () => {
    const scene = QueueScene.create()
    scene.sent([{ body: "1", dedupId: "x" }], NOW)
    expect(
      scene.accept(
        [
          { body: "1", dedupId: "x" },
          { body: "2", dedupId: "y" },
        ],
        1,
        NOW,
      ),
    ).toBe(2)
    scene.reload()
    expect(scene.sent([{ body: "2", dedupId: "y" }], NOW)).toEqual([4])
    expect(scene.statistics(NOW)).toMatchObject({ ready: 4, deduplicated: 0 })
  })

  it("[Q35] counts within its group where the queue says so", () => {
    const scene = QueueScene.create({ ordering: "fifo", dedupScope: "group" })
    const [a, b] = scene.sent(
      ["A", "B"].map((groupId) => ({ body: "1", groupId, dedupId: "x" })),
      NOW,
    )
    scene.reload()
    expect(scene.sent([{ body: "1", groupId: "B", dedupId: "x" }], NOW)).toEqual([b])
    expect(a).not.toBe(b)
  })
})

/** Rows that ten rounds of a batch of ten write: sent, received and acknowledged. */
function rowsOf(settings: Partial<QueueSettings>, message: Partial<Outgoing> = {}): number {
  const scene = QueueScene.create(settings)
  const before = scene.rowsWritten
  for (let round = 0; round < 10; round++) {
    const now = NOW + round * 1_000
    scene.sent(
      Array.from({ length: 10 }, (_, index) => ({ body: `${round} ${index}`, ...message })),
      now,
    )
    const messages = scene.receive({ maxMessages: 10 }, now + 1)
    scene.together(now + 2, () => messages.forEach((one) => scene.ack(one, now + 2)))
  }
  expect(scene.statistics(NOW + 10_000)).toMatchObject({ acknowledged: 100, bytes: 0 })
  return scene.rowsWritten - before
}

describe("what a queue costs", () => {
  it("[Q48] is three rows a batch, whatever settings it has that its messages do not use", () => {
    const plain = rowsOf({})
    expect(plain).toBeLessThanOrEqual(30)
    expect(rowsOf({ retentionMs: WINDOW_MS, maxMessages: 1000, maxBytes: 100_000, overflow: "drop-oldest" })).toBe(
      plain,
    )
    expect(rowsOf({ maxDeliveries: 3, maxAttempts: 5, deadLetterQueue: "dead", onExpiry: "dead-letter" })).toBe(plain)
    expect(rowsOf({ fair: true })).toBe(plain)
  })

  it("[Q48] is at most four rows a batch with groups and deduplication ids", () => {
    expect(rowsOf({ ordering: "fifo" }, { groupId: "A" })).toBeLessThanOrEqual(30)
    let number = 0
    const message = {
      groupId: "A",
      get dedupId() {
        return `${number++}`
      },
    }
    expect(rowsOf({ ordering: "fifo" }, message)).toBeLessThanOrEqual(40)
  })

  it("[Q10] [Q48] is nothing where nothing happens", () => {
    const scene = QueueScene.create({ deliveryPaused: true })
    scene.sent([{ body: "1" }], NOW)
    const before = scene.rowsWritten
    expect(scene.receive({}, NOW)).toEqual([])
    scene.alarm(NOW + 1)
    scene.send([], NOW)
    expect(scene.rowsWritten).toBe(before)
  })
})

describe("when the clock goes back", () => {
  it("[Q5] [Q22] [Q36] times of the log do not, and what was due stays due", () => {
    const scene = QueueScene.create({ delayMs: 1_000 })
    scene.sent([{ body: "1", ttlMs: 10_000 }], NOW)
    scene.sent([{ body: "2" }], NOW - 5_000)
    scene.reload()
    expect(scene.receive({}, NOW + 999)).toEqual([])
    const messages = scene.receive({}, NOW + 1_000)
    expect(messages.map(({ body, appendedAt }) => [body, appendedAt])).toEqual([
      ["1", NOW],
      ["2", NOW],
    ])
    expect(scene.ack(messages[0]!, NOW - 60_000)).toBeNull()
    scene.reload()
    expect(scene.ack(messages[1]!, NOW - 60_000)).toBeNull()
    expect(scene.statistics(NOW - 60_000)).toMatchObject({ inFlight: 0, acknowledged: 2, bytes: 0 })
  })
})

it("[Q15] a receive goes on with a group whose next message came after it was looked at", () => {
  const scene = QueueScene.create({ ordering: "fifo" })
  scene.send([{ body: "a1", groupId: "a" }], NOW)
  const [first] = scene.receive({ maxMessages: 1 }, NOW)
  scene.nack(first!, NOW)
  scene.send(
    [
      { body: "b1", groupId: "b" },
      { body: "a2", groupId: "a" },
    ],
    NOW,
  )
  scene.reload()
  expect(scene.receive({ maxMessages: 2 }, NOW).map(({ body }) => body)).toEqual(["a1", "a2"])
})
