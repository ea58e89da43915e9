import { describe, expect, it } from "vitest"
import { EXPIRY_SWEEP_MS, MAX_DEPARTURES_PER_COMMIT, MAX_EXPIRED_PER_COMMIT } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Outgoing } from "./scene-messages.ts"

const TTL_MS = 5_000
const SWEPT_AT = NOW + TTL_MS + EXPIRY_SWEEP_MS

function many(count: number, message: Partial<Outgoing> = {}): Outgoing[] {
  return Array.from({ length: count }, (_, index) => ({ body: `${index}`, ...message }))
}

describe("what was kept for too long", () => {
  for (const kept of ["ttlMs", "retentionMs"] as const) {
    it(`[Q36] [Q49] is dead-lettered in slices, each once, across restarts (${kept})`, () => {
      const lifeMs = kept === "ttlMs" ? TTL_MS : 60_000
      const settings = { deadLetterQueue: "dead", onExpiry: "dead-letter" } as const
      const scene = QueueScene.create(kept === "ttlMs" ? settings : { ...settings, retentionMs: lifeMs })
      scene.sent(many(200, kept === "ttlMs" ? { ttlMs: lifeMs } : {}), NOW)
      for (let gone = 0; gone < 200;) {
        const at = scene.queue.nextDeadlineAt!
        expect(at).toBeLessThanOrEqual(NOW + lifeMs + EXPIRY_SWEEP_MS)
        scene.alarm(Math.max(at, NOW + lifeMs + EXPIRY_SWEEP_MS))
        gone = Math.min(200, gone + MAX_DEPARTURES_PER_COMMIT)
        expect(scene.statistics(SWEPT_AT)).toMatchObject({ ready: 200 - gone, expired: gone, deadLettered: gone })
        scene.reload()
      }
      const letters = scene.outbox()
      expect(letters.map(({ body }) => body)).toEqual(many(200).map(({ body }) => body))
      expect(new Set(letters.map(({ headers }) => headers["millrace-dead-letter-reason"]))).toEqual(
        new Set(["expired"]),
      )
      expect(scene.statistics(SWEPT_AT)).toMatchObject({ bytes: 0, dropped: 0, oldestAt: null })
      expect(scene.queue.nextDeadlineAt).toBeNull()
    })
  }

  it("[Q36] [Q49] is dropped in slices of MAX_EXPIRED_PER_COMMIT, and never delivered meanwhile", () => {
    const scene = QueueScene.create()
    const batches = 12
    for (let batch = 0; batch < batches; batch++) scene.sent(many(1000, { ttlMs: TTL_MS }), NOW)
    scene.sent([{ body: "young" }], NOW)
    const received = scene.receive({ maxMessages: 10 }, NOW + TTL_MS)
    expect(scene.statistics(NOW + TTL_MS).expired).toBe(MAX_EXPIRED_PER_COMMIT)
    expect(received).toEqual([])
    scene.reload()
    expect(scene.receive({ maxMessages: 10 }, NOW + TTL_MS).map(({ body }) => body)).toEqual(["young"])
    expect(scene.statistics(NOW + TTL_MS)).toMatchObject({ expired: batches * 1000, inFlight: 1, ready: 0 })
  })

  it("[Q36] counts from the due time for a message that was scheduled", () => {
    const scene = QueueScene.create()
    scene.sent(
      [
        { body: "short", delayMs: 100_000, ttlMs: TTL_MS },
        { body: "late", delayMs: 100_000, ttlMs: 1 },
      ],
      NOW,
    )
    scene.reload()
    scene.alarmsUntil(NOW + 100_000)
    expect(scene.receive({}, NOW + 100_000 + TTL_MS - 1).map(({ body }) => body)).toEqual(["short"])
    scene.alarmsUntil(NOW + 200_000)
    expect(scene.statistics(NOW + 200_000)).toMatchObject({ expired: 2, ready: 0 })
  })

  it("[Q37] in flight it is left alone: it can be acknowledged, and expires when it comes back", () => {
    const scene = QueueScene.create()
    scene.sent(many(3, { ttlMs: TTL_MS }), NOW)
    const [first, second, third] = scene.receive({ visibilityTimeoutMs: 100_000 }, NOW)
    scene.alarm(SWEPT_AT)
    scene.reload()
    scene.alarm(SWEPT_AT + 1)
    expect(scene.statistics(SWEPT_AT + 1)).toMatchObject({ inFlight: 3, expired: 0 })
    expect(scene.ack(first!, SWEPT_AT + 2)).toBeNull()
    expect(scene.nack(second!, SWEPT_AT + 2)).toBeNull()
    expect(scene.receive({}, SWEPT_AT + 3)).toEqual([])
    expect(scene.statistics(SWEPT_AT + 3)).toMatchObject({ inFlight: 1, expired: 1, acknowledged: 1 })
    scene.reload()
    scene.alarmsUntil(NOW + 100_000 + EXPIRY_SWEEP_MS)
    expect(scene.statistics(NOW + 200_000)).toMatchObject({ inFlight: 0, ready: 0, expired: 2 })
    expect(scene.ack(third!, NOW + 200_000)).toBeNull()
  })

  it("[Q37] [Q10] in flight for long it costs one look, and goes when it comes back before its lease's end", () => {
    const settings = { deadLetterQueue: "dead", onExpiry: "dead-letter", visibilityTimeoutMs: 3_600_000 } as const
    const scene = QueueScene.create(settings)
    scene.subscribe({ id: 9 }, NOW)
    // rows of their own, none of them the tail
    for (const body of ["a", "b", "c"]) scene.sent(many(100, { body: body.repeat(100), ttlMs: TTL_MS }), NOW)
    const pushed = scene.takePushed().flatMap(({ messages }) => messages)
    scene.sent([{ body: "young" }], NOW)
    const [writtenBefore, until] = [scene.rowsWritten, NOW + 1_800_000]
    scene.alarmsUntil(until, 3)
    expect(scene.rowsWritten - writtenBefore).toBeLessThan(10)
    scene.reload()
    scene.nack(pushed[0]!, until, { delayMs: 60_000 })
    expect(scene.statistics(until)).toMatchObject({ expired: 1, inFlight: 300, delayed: 0 })
    // more than one commit can move
    scene.unsubscribe(9, until)
    scene.reload()
    scene.alarmsUntil(until + EXPIRY_SWEEP_MS)
    expect(scene.statistics(until)).toMatchObject({ expired: 300, deadLettered: 300, inFlight: 0, ready: 1 })
  })

  it("[Q37] in flight past its time, it goes when its lease ends", () => {
    const scene = QueueScene.create({ visibilityTimeoutMs: 600_000 })
    scene.sent(many(3, { ttlMs: TTL_MS }), NOW)
    scene.receive({}, NOW)
    scene.alarmsUntil(NOW + 599_999, 3)
    expect(scene.statistics(NOW + 599_999)).toMatchObject({ inFlight: 3, expired: 0 })
    scene.reload()
    scene.alarmsUntil(NOW + 600_000)
    expect(scene.statistics(NOW + 600_000)).toMatchObject({ inFlight: 0, ready: 0, expired: 3 })
    scene.alarmsUntil(NOW + 1_000_000, 3)
  })

  for (const onExpiry of ["drop", "dead-letter"] as const) {
    it(`[Q36] [Q49] a fresh message behind more expired ones than may leave at once does not wait for a sweep (${onExpiry})`, () => {
      const scene = QueueScene.create({ deadLetterQueue: "dead", onExpiry })
      const batches = onExpiry === "drop" ? MAX_EXPIRED_PER_COMMIT / 1000 + 1 : 1
      for (let batch = 0; batch < batches; batch++) scene.sent(many(1000, { ttlMs: TTL_MS }), NOW)
      scene.sent([{ body: "fresh" }], NOW)
      scene.subscribe({ id: 1 }, NOW + TTL_MS)
      scene.alarmsUntil(NOW + TTL_MS)
      expect(scene.takePushed().map(({ messages }) => messages.map(({ body }) => body))).toEqual([["fresh"]])
      expect(scene.statistics(NOW + TTL_MS)).toMatchObject({ expired: batches * 1000, ready: 0, inFlight: 1 })
    })
  }

  it("[Q37] nothing that is young enough expires with it, in one row or another", () => {
    const scene = QueueScene.create({ retentionMs: 60_000 })
    scene.sent([{ body: "1" }, { body: "2", ttlMs: TTL_MS }, { body: "3", ttlMs: 50_000 }], NOW)
    scene.sent([{ body: "4" }], NOW + 1)
    scene.reload()
    scene.alarmsUntil(SWEPT_AT)
    expect(scene.statistics(SWEPT_AT)).toMatchObject({ ready: 3, expired: 1 })
    scene.reload()
    scene.alarmsUntil(NOW + 59_999)
    expect(scene.receive({}, NOW + 59_999).map(({ body }) => body)).toEqual(["1", "4"])
  })

  it("[Q38] a dead letter has no time to live of its own", () => {
    const scene = QueueScene.create()
    scene.accept([{ body: "moved", ttlMs: 1 }], 1, NOW)
    scene.reload()
    scene.alarmsUntil(NOW + 1_000_000)
    expect(scene.receive({}, NOW + 1_000_000).map(({ body }) => body)).toEqual(["moved"])
  })

  it("[Q10] [Q49] a time to live whose message is long gone wakes the queue once at most", () => {
    const scene = QueueScene.create()
    // a full row each, so that none of them is the tail
    for (let batch = 0; batch < 3; batch++) scene.sent(many(8, { body: "x".repeat(1000), ttlMs: TTL_MS }), NOW)
    for (const message of scene.receive({ maxMessages: 24 }, NOW)) scene.ack(message, NOW + 1)
    const writtenBefore = scene.rowsWritten
    scene.alarmsUntil(NOW + 1_000_000, 4)
    expect(scene.statistics(NOW + 1_000_000)).toMatchObject({ expired: 0, acknowledged: 24 })
    expect(scene.rowsWritten - writtenBefore).toBeLessThanOrEqual(1)
  })

  it("[Q36] a shorter retention counts for what is there already", () => {
    const scene = QueueScene.create()
    scene.sent(many(3), NOW)
    scene.alarm(NOW + 70_000)
    scene.configure({ retentionMs: 60_000 })
    expect(scene.receive({}, NOW + 70_001)).toEqual([])
    scene.alarmsUntil(NOW + 90_000)
    expect(scene.statistics(NOW + 90_000)).toMatchObject({ ready: 0, expired: 3 })
  })
})
