import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  MAX_DEPARTURES_PER_COMMIT,
  MAX_REDRIVE_BACKLOG,
  MAX_REDRIVE_SLICE,
  MAX_REDRIVES,
} from "../../../src/core/limits.ts"
import type { Redrive, RedriveRequest } from "../../../src/core/queue/operator/commands.ts"
import { deadLetterOf, filterOf, frameOf, takeFrames } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

const SLICE = MAX_DEPARTURES_PER_COMMIT / 2

describe("redrive", () => {
  it("[O10] moves dead letters to where they came from, in order, and what arrives later stays", () => {
    const scene = QueueScene.create()
    const sources = ["bills", "orders"]
    takeFrames(
      scene,
      manyFrames(200, (at) => deadLetterOf(frameOf(`m${at}`, {}, "g"), sources[at % 2])),
      NOW,
    )
    expect(start(scene, {}, NOW)).toMatchObject({ no: 1, state: "running", endOffset: 200 })
    takeFrames(scene, [deadLetterOf(frameOf("late"))], NOW)
    runToEnd(scene, NOW)
    expect(newest(scene)).toMatchObject({ state: "done", offset: 200, moved: 200, skipped: 0 })
    expect(bodiesAt(scene, "ns/bills/0")).toEqual(Array.from({ length: 100 }, (_, at) => `m${2 * at}`))
    expect(bodiesAt(scene, "ns/orders/0")).toEqual(Array.from({ length: 100 }, (_, at) => `m${2 * at + 1}`))
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, redriven: 200, forwarding: 200, removed: 0 })
  })

  it("[O10] moves what matches to the queue that is named", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [frameOf("plain"), deadLetterOf(frameOf("dead")), frameOf("other", { a: "b" })], NOW)
    start(scene, { queue: "target", filter: filterOf({ header: { name: "a", value: "b" } }) }, NOW)
    runToEnd(scene, NOW)
    expect(newest(scene)).toMatchObject({ moved: 1, skipped: 2 })
    expect(scene.outbox()).toMatchObject([{ target: "ns/target/0", body: "other" }])
  })

  it("[O11] leaves and counts what is in flight, expired, damaged, not meant or has nowhere to go, as from a topic", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [deadLetterOf(frameOf("held"))], NOW)
    scene.receive({ maxMessages: 1 }, NOW)
    scene.send([{ body: "expired", ttlMs: 5 }], NOW)
    const broken = deadLetterOf(frameOf("broken"))
    broken[broken.length - 1]! ^= 1
    const record = deadLetterOf(frameOf("record"), "flights", "rejected", "5/17")
    takeFrames(scene, [broken, frameOf("plain"), record, deadLetterOf(frameOf("good"))], NOW + 10)
    takeFrames(scene, [deadLetterOf(frameOf("young"))], NOW + 20)
    start(scene, { filter: filterOf({ sentBefore: NOW + 20 }) }, NOW + 20)
    runToEnd(scene, NOW + 20)
    expect(newest(scene)).toMatchObject({ state: "done", moved: 1, skipped: 6 })
    expect(scene.outbox().map(({ body }) => body)).toEqual(["good"])
    start(scene, { queue: "target" }, NOW + 30)
    runToEnd(scene, NOW + 30)
    expect(newest(scene)).toMatchObject({ state: "done", moved: 3, skipped: 3 })
    expect(scene.outbox().map(({ body }) => body)).toEqual(["good", "plain", "record", "young"])
  })

  it("[O12] moves each message once, each group in order, through reloads and crashes at any commit", () => {
    const step = fc.constantFrom(
      "alarm" as const,
      "alarm" as const,
      "reload" as const,
      "crash" as const,
      "receive" as const,
    )
    const arbitrary = fc.record({
      count: fc.integer({ min: 0, max: 300 }),
      ordering: fc.constantFrom("standard" as const, "fifo" as const),
      rate: fc.constantFrom(null, 400),
      steps: fc.array(step, { maxLength: 30 }),
    })
    fc.assert(
      fc.property(arbitrary, ({ count, ordering, rate, steps }) => {
        const scene = QueueScene.create({ ordering, visibilityTimeoutMs: 3_600_000 })
        takeFrames(
          scene,
          manyFrames(count, (at) => deadLetterOf(frameOf(`m${at}`, {}, `g${at % 3}`))),
          NOW,
        )
        start(scene, { maxMessagesPerSecond: rate }, NOW)
        let now = NOW
        let taken = 0
        for (const one of steps) {
          now += 20
          if (one === "reload") scene.reload()
          else if (one === "crash") scene.crash(now)
          else if (one === "alarm") scene.alarm(now)
          else taken += scene.receive({ maxMessages: 3 }, now).length
        }
        scene.reload()
        runToEnd(scene, now)
        const bodies = scene.outbox().map(({ body }) => body)
        expect(new Set(bodies).size).toBe(bodies.length)
        expect(bodies).toEqual([...bodies].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))))
        expect(newest(scene)).toMatchObject({ state: "done", moved: bodies.length })
        expect(bodies.length).toBe(count - taken)
        expect(newest(scene).skipped).toBeLessThanOrEqual(taken)
        expect(scene.statistics(now)).toMatchObject({ inFlight: taken, ready: 0, redriven: count - taken })
        scene.close()
      }),
      { numRuns: 80 },
    )
  })

  it("[O13] never moves faster than its rate, and wakes for a batch at a time", () => {
    const rates = fc.record({
      rate: fc.integer({ min: 1, max: 5_000 }),
      waits: fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 }),
    })
    fc.assert(
      fc.property(rates, ({ rate, waits }) => {
        const scene = QueueScene.create()
        takeFrames(
          scene,
          manyFrames(400, (at) => deadLetterOf(frameOf(`m${at}`))),
          NOW,
        )
        start(scene, { maxMessagesPerSecond: rate }, NOW)
        let now = NOW
        for (const [at, wait] of waits.entries()) {
          now += wait
          if (at % 5 === 4) scene.reload()
          scene.alarm(now)
          expect(newest(scene).moved * 1000).toBeLessThanOrEqual(rate * (now - NOW))
        }
        scene.close()
      }),
      { numRuns: 60 },
    )
    const scene = QueueScene.create()
    takeFrames(
      scene,
      manyFrames(300, (at) => deadLetterOf(frameOf(`m${at}`))),
      NOW,
    )
    start(scene, { maxMessagesPerSecond: 100 }, NOW)
    let alarms = 0
    for (let at = scene.queue.redrives.nextAt; at !== null; at = scene.queue.redrives.nextAt) {
      scene.alarm(at)
      alarms++
      expect(newest(scene).moved).toBe(Math.min(300, (at - NOW) / 10))
    }
    expect(alarms).toBe(30)
  })

  it("[O13] makes nothing up for more than a second that was not used", () => {
    const scene = QueueScene.create()
    takeFrames(
      scene,
      manyFrames(100, (at) => deadLetterOf(frameOf(`m${at}`))),
      NOW,
    )
    start(scene, { maxMessagesPerSecond: 10 }, NOW)
    scene.alarm(NOW + 60_000)
    scene.alarm(NOW + 60_000)
    expect(newest(scene).moved).toBe(10)
  })

  it("[O14] refuses a second one, ends when cancelled, and is forgotten behind the newest ten", () => {
    const scene = QueueScene.create()
    takeFrames(
      scene,
      manyFrames(100, (at) => deadLetterOf(frameOf(`m${at}`))),
      NOW,
    )
    start(scene, {}, NOW)
    expect(newest(scene).moved).toBe(SLICE)
    const second = scene.queue.redrives.start(requestOf({}), NOW)
    expect(second).toMatchObject({ ok: false, error: { code: "conflict" } })
    scene.reload()
    const cancelled = scene.together(NOW + 5, () => scene.queue.redrives.cancel(NOW + 5))
    expect(cancelled).toMatchObject({ ok: true, value: { state: "cancelled", moved: SLICE, updatedAt: NOW + 5 } })
    scene.reload()
    expect(scene.queue.redrives.nextAt).toBeNull()
    expect(scene.queue.redrives.cancel(NOW)).toMatchObject({ error: { code: "not_found", resource: "redrive" } })
    scene.alarm(NOW + 10)
    expect(scene.outbox().length).toBe(SLICE)
    for (let no = 2; no <= MAX_REDRIVES + 3; no++) {
      start(scene, { filter: filterOf({ groupId: "none" }) }, NOW + 20)
      runToEnd(scene, NOW + 20)
    }
    const remembered = [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]
    expect(scene.queue.redrives.all.map(({ no }) => no)).toEqual(remembered)
    scene.reload()
    expect(scene.queue.redrives.all.map(({ no }) => no)).toEqual(remembered)
  })

  it("[O14] ends and begins again in one commit, and both are remembered so", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [frameOf("plain")], NOW)
    start(scene, { queue: "target", maxMessagesPerSecond: 1 }, NOW)
    scene.together(NOW + 1, () => {
      scene.queue.redrives.cancel(NOW + 1)
      scene.queue.redrives.start(requestOf({ queue: "target", maxMessagesPerSecond: 1 }), NOW + 1)
    })
    const remembered = [
      { no: 2, state: "running" },
      { no: 1, state: "cancelled" },
    ]
    expect(scene.queue.redrives.all).toMatchObject(remembered)
    scene.reload()
    expect(scene.queue.redrives.all).toMatchObject(remembered)
  })

  it("[O11] to sources that were deleted it waits, is cancelled, and leaves the rest where it is", () => {
    const scene = QueueScene.create()
    const count = MAX_REDRIVE_BACKLOG + 200
    takeFrames(
      scene,
      manyFrames(count, (at) => deadLetterOf(frameOf(`m${at}`), "gone")),
      NOW,
    )
    start(scene, {}, NOW)
    scene.alarmsUntil(NOW)
    expect(newest(scene)).toMatchObject({ state: "running" })
    scene.reload()
    expect(scene.together(NOW + 1, () => scene.queue.redrives.cancel(NOW + 1)).ok).toBe(true)
    scene.reload()
    const { state, moved } = newest(scene)
    expect(state).toBe("cancelled")
    expect(scene.statistics(NOW + 1)).toMatchObject({ ready: count - moved, forwarding: moved })
  })

  it("[O15] waits while too many frames wait for their target", () => {
    const scene = QueueScene.create()
    const count = MAX_REDRIVE_BACKLOG + 200
    takeFrames(
      scene,
      manyFrames(count, (at) => deadLetterOf(frameOf(`m${at}`))),
      NOW,
    )
    start(scene, {}, NOW)
    for (let at = 0; at < 100; at++) scene.alarm(NOW)
    const { moved } = newest(scene)
    expect(moved).toBeGreaterThan(MAX_REDRIVE_BACKLOG)
    expect(moved).toBeLessThanOrEqual(MAX_REDRIVE_BACKLOG + SLICE)
    expect(scene.queue.redrives.nextAt).toBeNull()
    const first = scene.outbox()[0]!
    scene.forward(first.target, first.seq + 499, NOW)
    expect(newest(scene).moved).toBe(moved + SLICE)
    runToEnd(scene, NOW)
    expect(newest(scene)).toMatchObject({ state: "done", moved: count })
  })

  it("[O15] looks at a bounded number of messages in a slice", () => {
    const scene = QueueScene.create()
    takeFrames(
      scene,
      manyFrames(2 * MAX_REDRIVE_SLICE, () => frameOf("plain")),
      NOW,
    )
    start(scene, {}, NOW)
    expect(newest(scene)).toMatchObject({ state: "running", offset: MAX_REDRIVE_SLICE, skipped: MAX_REDRIVE_SLICE })
    const stored = scene.database.all<{ task: string }>("SELECT task FROM redrive")
    expect(JSON.parse(stored[0]!.task)).toEqual(newest(scene))
  })
})

function manyFrames(count: number, frame: (at: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => frame(at))
}

function requestOf(given: Partial<RedriveRequest>): RedriveRequest {
  return { queue: null, filter: filterOf(), maxMessagesPerSecond: null, ...given }
}

/** Starts one; its first slice may run in the same commit. */
function start(scene: QueueScene, given: Partial<RedriveRequest>, now: number): Redrive {
  const started = scene.together(now, () => scene.queue.redrives.start(requestOf(given), now))
  if (!started.ok) throw new Error(started.error.code)
  return started.value
}

/** Runs the alarms until it ended. */
function runToEnd(scene: QueueScene, now: number): void {
  let at = scene.queue.redrives.nextAt
  for (let alarms = 0; at !== null; at = scene.queue.redrives.nextAt) {
    if (++alarms > 1_000) throw new Error("the redrive does not end")
    scene.alarm(Math.max(at, now))
  }
}

function newest(scene: QueueScene): Redrive {
  return scene.queue.redrives.all[0]!
}

function bodiesAt(scene: QueueScene, target: string): string[] {
  return scene.outbox().flatMap((waiting) => (waiting.target === target ? [waiting.body] : []))
}
