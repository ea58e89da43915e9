import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_FIND_PAGES, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { describe as shown, search } from "../../../src/core/queue/operator/find.ts"
import { deadLetterOf, frameOf, removeById, resendById, takeFrames, withMessage } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { decodedFrame, NOW } from "./scene-messages.ts"

describe("find", () => {
  it("[O5] finds exactly what is there after any history of scheduled, deleted and moved messages", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("send" as const), count: fc.integer({ min: 1, max: 700 }) }),
      fc.record({
        kind: fc.constant("schedule" as const),
        count: fc.integer({ min: 1, max: 700 }),
        delayMs: fc.integer({ min: 1, max: 9 }),
      }),
      fc.record({
        kind: fc.constant("delete" as const),
        every: fc.integer({ min: 2, max: 9 }),
        to: fc.integer({ min: 0, max: 3000 }),
      }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 9 }) }),
      fc.constant({ kind: "reload" as const }),
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const scene = QueueScene.create()
        const live = new Set<number>()
        let now = NOW
        for (const one of steps) {
          if (one.kind === "reload") scene.reload()
          else if (one.kind === "wait") scene.alarmsUntil((now += one.ms))
          else if (one.kind === "delete") deleteSome(scene, live, one, now)
          else
            for (const id of scene.sent(manyOf(one.count, one.kind === "schedule" ? one.delayMs : 0), now)) live.add(id)
        }
        const { nextMessageId } = scene.queue.state.counters
        for (let id = 0; id <= nextMessageId; id += 1 + (id % 13)) {
          const found = withMessage(scene, id, now, (place) => shown(scene.queue.state, place).messageId)
          expect(found).toBe(live.has(id) ? id : "missing")
        }
        scene.close()
      }),
      { numRuns: 40 },
    )
  })

  it("[O5] finds a message wherever it stands, and no other", () => {
    const scene = QueueScene.create({ visibilityTimeoutMs: 1_000 })
    scene.send(
      [
        { body: "held" },
        { body: "done" },
        { body: "ready" },
        { body: "old", ttlMs: 10 },
        { body: "later", delayMs: 9_000 },
      ],
      NOW,
    )
    const [, done] = scene.receive({ maxMessages: 2 }, NOW)
    scene.ack(done!, NOW)
    const at = NOW + 20
    const stateOf = (id: number) => withMessage(scene, id, at, (place) => shown(scene.queue.state, place).state)
    expect([0, 1, 2, 3, 4, 5, 6].map(stateOf)).toEqual([
      "missing",
      "in_flight",
      "missing",
      "ready",
      "missing",
      "scheduled",
      "missing",
    ])
  })

  it("[O5] finds messages behind the page on which the window ends", () => {
    const scene = QueueScene.create()
    scene.send(manyOf(10), NOW)
    for (const receipt of scene.receive({ maxMessages: 10 }, NOW)) scene.ack(receipt, NOW)
    scene.send(manyOf(10), NOW)
    const found = [10, 11, 20].map((id) =>
      withMessage(scene, id, NOW, (place) => shown(scene.queue.state, place).offset),
    )
    expect(found).toEqual(["missing", 10, 19])
  })

  it("[O5] finds a message that was scheduled for long behind a long log, in steps", () => {
    const scene = QueueScene.create()
    const [late] = scene.sent([{ body: "late", delayMs: 1_000 }], NOW)
    for (let page = 0; page < MAX_FIND_PAGES + 2; page++) scene.send(manyOf(PAGE_OFFSETS), NOW)
    scene.alarmsUntil(NOW + 1_000)
    expect(search(scene.queue.state, late!, null, NOW + 1_000)).toEqual({
      kind: "unfinished",
      from: MAX_FIND_PAGES * PAGE_OFFSETS,
    })
    const place = withMessage(scene, late!, NOW + 1_000, (place) => place)
    expect(place).toMatchObject({ kind: "log", offset: (MAX_FIND_PAGES + 2) * PAGE_OFFSETS, standing: "ready" })
  })

  it("[O5] reads a few pages of headers in the usual case", () => {
    const scene = QueueScene.create()
    const pages = 200
    for (let page = 0; page < pages; page++) scene.send(manyOf(PAGE_OFFSETS), NOW)
    scene.reload()
    let reads = 0
    const all = scene.database.all.bind(scene.database)
    scene.database.all = (sql, ...values) => {
      if (sql.includes("FROM log")) reads++
      return all(sql, ...values)
    }
    for (const id of [1, 777, 100_000, pages * PAGE_OFFSETS]) {
      reads = 0
      expect(search(scene.queue.state, id, null, NOW).kind).toBe("found")
      expect(reads).toBeLessThan(20)
    }
  })
})

describe("remove", () => {
  it("[O6] [Q24] ends a message or cancels a scheduled one, and refuses one in flight", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "held" }, { body: "ready" }, { body: "later", delayMs: 1_000 }], NOW)
    scene.receive({ maxMessages: 1 }, NOW)
    expect([1, 2, 3, 2, 3, 9].map((id) => removeById(scene, id, NOW))).toEqual([
      "message_in_flight",
      null,
      null,
      "not_found",
      "not_found",
      "not_found",
    ])
    scene.reload()
    const left = { ready: 0, inFlight: 1, scheduled: 0, removed: 2 }
    expect(scene.statistics(NOW)).toMatchObject(left)
    scene.alarmsUntil(NOW + 5_000)
    expect(scene.receive({ maxMessages: 10 }, NOW + 5_000)).toEqual([])
  })

  it("[O6] [Q16] lets a group go on", () => {
    const scene = QueueScene.create({ ordering: "fifo" })
    scene.send(
      [
        { body: "a", groupId: "g" },
        { body: "b", groupId: "g" },
      ],
      NOW,
    )
    const [a] = scene.receive({ maxMessages: 1 }, NOW)
    scene.nack(a!, NOW, { delayMs: 60_000 })
    expect(removeById(scene, 1, NOW)).toBeNull()
    expect(scene.receive({ maxMessages: 2 }, NOW).map(({ body }) => body)).toEqual(["b"])
  })

  it("[O6] [Q23] removing behind what the queue's delay holds back delivers nothing early", () => {
    const scene = QueueScene.create({ delayMs: 1_000 })
    scene.send(manyOf(5), NOW)
    expect(removeById(scene, 4, NOW)).toBeNull()
    expect(scene.receive({ maxMessages: 10 }, NOW + 999)).toEqual([])
    scene.alarmsUntil(NOW + 1_000)
    expect(scene.receive({ maxMessages: 10 }, NOW + 1_000).map(({ id }) => id)).toEqual([1, 2, 3, 5])
  })
})

describe("resend", () => {
  it("[O7] moves a dead letter to its source, or any message to a queue that is named", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [deadLetterOf(frameOf("dead", {}, "g"), "bills"), deadLetterOf(frameOf("too"), "bills")], NOW)
    const [plain, later] = scene.sent(
      [
        { body: "plain", groupId: "h" },
        { body: "later", delayMs: 1_000 },
      ],
      NOW,
    )
    expect(resendById(scene, 1, NOW)).toEqual({ ok: true, value: "bills" })
    expect(resendById(scene, 2, NOW, { queue: "other" })).toEqual({ ok: true, value: "other" })
    expect(resendById(scene, plain!, NOW, { queue: "other" })).toEqual({ ok: true, value: "other" })
    expect(resendById(scene, later!, NOW, { queue: "other" })).toEqual({ ok: true, value: "other" })
    scene.reload()
    expect(scene.outbox()).toMatchObject([
      { target: "ns/bills/0", body: "dead", groupId: "g", headers: { "millrace-dead-letter-source": "bills" } },
      { target: "ns/other/0", body: "too" },
      { target: "ns/other/0", body: "plain", groupId: "h" },
      { target: "ns/other/0", body: "later" },
    ])
    const left = { ready: 0, scheduled: 0, bytes: 0, redriven: 4, removed: 0, forwarding: 4 }
    expect(scene.statistics(NOW)).toMatchObject(left)
  })

  it("[O7] sends the edited message in place of the stored one", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [deadLetterOf(frameOf("dead"), "bills")], NOW)
    expect(resendById(scene, 1, NOW, { frame: frameOf("edited", { a: "b" }) })).toEqual({ ok: true, value: "bills" })
    expect(scene.outbox()).toMatchObject([{ body: "edited", headers: { a: "b" } }])
  })

  it("[O7] refuses what is in flight, has nowhere to go or is damaged, and changes nothing", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "held" }], NOW)
    scene.receive({ maxMessages: 1 }, NOW)
    scene.send([{ body: "plain" }], NOW)
    takeFrames(scene, [damaged(deadLetterOf(frameOf("damaged")))], NOW)
    const before = scene.statistics(NOW)
    expect(resendById(scene, 1, NOW, { queue: "other" })).toMatchObject({ error: { code: "message_in_flight" } })
    expect(resendById(scene, 2, NOW)).toMatchObject({ error: { code: "invalid_field", pointer: "/queue" } })
    const corrupt = { code: "corrupt_batch", firstOffset: 2, lastOffset: 2 }
    expect(resendById(scene, 3, NOW, { queue: "other" })).toEqual({ ok: false, error: corrupt })
    expect(scene.outbox()).toEqual([])
    expect(scene.statistics(NOW)).toEqual(before)
    expect(resendById(scene, 3, NOW, { queue: "other", frame: frameOf("whole") }).ok).toBe(true)
    expect(scene.outbox().map(({ body }) => body)).toEqual(["whole"])
  })

  it("[O7] a crash leaves both or neither", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [deadLetterOf(frameOf("dead"), "bills")], NOW)
    scene.crash(NOW, () => {
      expect(resendById(scene, 1, NOW).ok).toBe(true)
    })
    expect(scene.outbox()).toEqual([])
    expect(decodedFrame(scene.queue.state.log.frameAt(0, NOW).frame).body).toBe("dead")
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, redriven: 0 })
  })
})

interface Deletion {
  readonly every: number
  readonly to: number
}

/** Removes each so-manieth of the first messages, without a search. */
function deleteSome(scene: QueueScene, live: Set<number>, { every, to }: Deletion, now: number): void {
  const { state } = scene.queue
  scene.together(now, () => {
    for (const { offset, messageId } of state.log.entriesBetween(0, to)) {
      if (messageId % every !== 0 && state.remove(offset, now)) live.delete(messageId)
    }
    const scheduled = [...live].filter((id) => id % every === 0 && state.schedule.find(id))
    state.schedule.cancelAll(scheduled)
    for (const id of scheduled) live.delete(id)
  })
}

function manyOf(count: number, delayMs = 0): { body: string; delayMs: number }[] {
  return Array.from({ length: count }, (_, index) => ({ body: `m${index}`, delayMs }))
}

/** The frame with a bit of its content turned. */
function damaged(frame: Uint8Array): Uint8Array {
  const copy = frame.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}
