import { describe, expect, it } from "vitest"
import { MAX_DEPARTURES_PER_COMMIT, MAX_EXPIRED_PER_COMMIT } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { frameBytesOf, NOW, type Outgoing } from "./scene-messages.ts"

function many(count: number, message: Partial<Outgoing> = {}): Outgoing[] {
  return Array.from({ length: count }, (_, index) => ({ body: `${index}`, ...message }))
}

/** Ids are numbers, refusals their codes. */
function outcomes(scene: QueueScene, messages: readonly Outgoing[], now: number): readonly (number | string)[] {
  const result = scene.send(messages, now)
  return result.ok ? result.value.map((one) => (typeof one === "number" ? one : one.code)) : [result.error.code]
}

describe("a full queue", () => {
  it("[Q41] takes the entries of a batch before the limit, and none behind it, small ones neither", () => {
    const limit = 3 * frameBytesOf({ body: "0" })
    const scene = QueueScene.create({ maxBytes: limit })
    const batch = [{ body: "0" }, { body: "1" }, { body: "too long by far" }, { body: "2" }]
    expect(outcomes(scene, batch, NOW)).toEqual([1, 2, "queue_full", "queue_full"])
    scene.reload()
    expect(outcomes(scene, [{ body: "3" }, { body: "4" }], NOW)).toEqual([3, "queue_full"])
    expect(scene.statistics(NOW)).toMatchObject({ bytes: limit, ready: 3, sent: 3 })
  })

  it("[Q41] counts what is scheduled and what is in flight", () => {
    const scene = QueueScene.create({ maxMessages: 3 })
    scene.sent([{ body: "1" }, { body: "2", delayMs: 5_000 }], NOW)
    const [held] = scene.receive({}, NOW)
    scene.sent([{ body: "3" }], NOW)
    scene.reload()
    expect(outcomes(scene, [{ body: "4" }], NOW)).toEqual(["queue_full"])
    scene.ack(held!, NOW)
    expect(outcomes(scene, [{ body: "4" }, { body: "5" }], NOW)).toEqual([4, "queue_full"])
  })

  it("[Q30] [Q41] answers a repeat with its first id, full or not", () => {
    const scene = QueueScene.create({ maxMessages: 1 })
    scene.sent([{ body: "1", dedupId: "x" }], NOW)
    const batch = [
      { body: "2", dedupId: "y" },
      { body: "1", dedupId: "x" },
      { body: "2", dedupId: "y" },
    ]
    expect(outcomes(scene, batch, NOW)).toEqual(["queue_full", 1, "queue_full"])
  })

  it("[Q42] lets go its oldest messages, also those of the same batch, but none in flight", () => {
    const scene = QueueScene.create({ maxMessages: 3, overflow: "drop-oldest" })
    scene.sent([{ body: "a" }, { body: "b" }], NOW)
    const [held] = scene.receive({ maxMessages: 1 }, NOW)
    scene.reload()
    expect(outcomes(scene, many(5), NOW)).toEqual([3, 4, 5, 6, 7])
    expect(scene.statistics(NOW)).toMatchObject({ inFlight: 1, ready: 2, dropped: 4, sent: 7 })
    scene.reload()
    expect(scene.receive({}, NOW).map(({ body }) => body)).toEqual(["3", "4"])
    expect(outcomes(scene, [{ body: "c" }], NOW)).toEqual(["queue_full"])
    expect(scene.ack(held!, NOW)).toBeNull()
  })

  it("[Q42] [Q49] dead-letters at most MAX_DEPARTURES_PER_COMMIT for one commit, in order and each once", () => {
    const scene = QueueScene.create({ deadLetterQueue: "dead" })
    scene.sent(many(150), NOW)
    scene.configure({ maxMessages: 10, overflow: "dead-letter" })
    for (let left = 150; left > 10;) {
      const gone = Math.min(MAX_DEPARTURES_PER_COMMIT, left - 9)
      left -= gone
      const isTaken = left < 10
      expect(typeof outcomes(scene, [{ body: "new" }], NOW)[0]).toBe(isTaken ? "number" : "string")
      expect(scene.statistics(NOW)).toMatchObject({ ready: isTaken ? 10 : left, deadLettered: 150 - left })
      scene.reload()
    }
    const letters = scene.outbox()
    expect(letters.map(({ body }) => body)).toEqual(many(141).map(({ body }) => body))
    expect(new Set(letters.map(({ headers }) => headers["millrace-dead-letter-reason"]))).toEqual(new Set(["overflow"]))
  })

  it("[Q49] reaches a limit that was lowered far in bounded steps", () => {
    const scene = QueueScene.create()
    for (let batch = 0; batch < 12; batch++) scene.sent(many(1000), NOW)
    scene.configure({ maxMessages: 100, overflow: "drop-oldest" })
    expect(outcomes(scene, [{ body: "new" }], NOW)).toEqual(["queue_full"])
    expect(scene.statistics(NOW).dropped).toBe(MAX_EXPIRED_PER_COMMIT)
    scene.reload()
    expect(outcomes(scene, [{ body: "new" }], NOW)).toEqual([12_001])
    expect(scene.statistics(NOW)).toMatchObject({ ready: 100, dropped: 11_901 })
  })

  it("[Q42] [Q48] leaves no row of messages that came and went in one commit", () => {
    const scene = QueueScene.create()
    scene.sent(many(1000), NOW)
    scene.configure({ maxMessages: 1, overflow: "drop-oldest" })
    // the row before the end of the page is done before it is written
    scene.sent(many(100), NOW)
    expect(scene.rowsIn("log")).toBe(1)
    scene.reload()
    scene.sent(many(1000), NOW)
    expect(scene.rowsIn("log")).toBe(1)
    expect(scene.receive({}, NOW).map(({ body }) => body)).toEqual(["999"])
  })

  it("[Q42] lets nothing go for a message that would not fit an empty queue", () => {
    const scene = QueueScene.create({ maxBytes: 50, overflow: "drop-oldest" })
    scene.sent([{ body: "1" }], NOW)
    expect(outcomes(scene, [{ body: "x".repeat(60) }], NOW)).toEqual(["queue_full"])
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, dropped: 0 })
  })

  it("[Q44] takes what moves here, and goes on with the pause of its own senders", () => {
    const scene = QueueScene.create({ maxMessages: 1, sendingPaused: true })
    expect(scene.accept(many(3), 1, NOW)).toBe(3)
    scene.reload()
    expect(scene.accept(many(4), 1, NOW)).toBe(4)
    expect(scene.statistics(NOW).ready).toBe(4)
    expect(outcomes(scene, [{ body: "no" }], NOW)).toEqual(["queue_paused"])
  })

  it("[Q11] [Q44] takes a move once, also where its repeat is in the same commit", () => {
    const scene = QueueScene.create()
    scene.together(NOW, () => {
      expect(scene.accept(many(2), 1, NOW)).toBe(2)
      expect(scene.accept(many(3), 1, NOW)).toBe(3)
    })
    expect(scene.statistics(NOW).ready).toBe(3)
  })

  it("[Q21] hands out no more than maxInFlight, to receives and to subscriptions", () => {
    const scene = QueueScene.create({ maxInFlight: 3 })
    scene.sent(many(10), NOW)
    const [first] = scene.receive({}, NOW)
    expect(scene.statistics(NOW)).toMatchObject({ inFlight: 3, ready: 7 })
    scene.reload()
    expect(scene.receive({}, NOW)).toEqual([])
    scene.subscribe({ id: 1 }, NOW)
    expect(scene.takePushed()).toEqual([])
    scene.ack(first!, NOW)
    expect(scene.takePushed().flatMap(({ messages }) => messages.map(({ body }) => body))).toEqual(["3"])
  })
})
