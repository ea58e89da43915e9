import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_PURGE_SLICE, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import type { MessageFilter, MessageState } from "../../../src/core/queue/operator/commands.ts"
import { browseAll, filterOf, purgeAll } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { decodedFrame, NOW, type Receipt } from "./scene-messages.ts"

const ALL: readonly MessageState[] = ["ready", "in_flight", "delayed", "scheduled"]

describe("purge", () => {
  it("[O8] removes what matches in the states asked for, and counts it", () => {
    const scene = QueueScene.create()
    scene.send(
      [
        { body: "held", groupId: "a" },
        { body: "ready", groupId: "a" },
        { body: "other", groupId: "b" },
      ],
      NOW,
    )
    scene.send([{ body: "later", groupId: "a", delayMs: 1_000 }], NOW)
    const [held] = scene.receive({ maxMessages: 1 }, NOW)
    expect(purgeAll(scene, ["ready", "scheduled"], filterOf({ groupId: "a" }), NOW)).toBe(2)
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, inFlight: 1, scheduled: 0, removed: 2 })
    expect(purgeAll(scene, ["in_flight"], filterOf({ groupId: "a" }), NOW)).toBe(1)
    scene.reload()
    expect(scene.statistics(NOW)).toMatchObject({ ready: 1, inFlight: 0, removed: 3, acknowledged: 0 })
    expect(scene.ack(held!, NOW)).toBeNull()
    expect(scene.nack(held!, NOW)).toBe("receipt_expired")
    expect(scene.receive({ maxMessages: 10 }, NOW).map(({ body }) => body)).toEqual(["other"])
  })

  it("[O8] goes in slices, and leaves what is sent while it runs", () => {
    const scene = QueueScene.create()
    for (let batch = 0; batch < 25; batch++) scene.send(manyOf(1000), NOW)
    let slices = 0
    const removed = purgeAll(scene, ALL, filterOf(), NOW, () => {
      slices++
      scene.send([{ body: `new ${slices}` }], NOW)
      scene.reload()
    })
    expect(removed).toBe(25_000)
    expect(slices).toBeGreaterThanOrEqual(Math.ceil(25_000 / MAX_PURGE_SLICE))
    expect(scene.receive({ maxMessages: 10 }, NOW).map(({ body }) => body)).toEqual(
      Array.from({ length: slices }, (_, index) => `new ${index + 1}`),
    )
    expect(scene.rowsIn("log")).toBeLessThanOrEqual(2)
  })

  it("[O8] meets what was scheduled and becomes due while it runs, and leaves what was scheduled later", () => {
    const scene = QueueScene.create()
    for (let batch = 0; batch < 25; batch++) {
      scene.send(
        manyOf(1000).map((message) => ({ ...message, delayMs: 1 + batch })),
        NOW,
      )
    }
    let [now, slices] = [NOW, 0]
    const removed = purgeAll(scene, ALL, filterOf(), NOW, () => {
      scene.send(
        [
          { body: "new", delayMs: 1 },
          { body: "far", delayMs: 3_600_000 },
        ],
        now,
      )
      slices++
      scene.alarmsUntil((now += 15))
    })
    expect(removed).toBe(25_000)
    scene.alarmsUntil(now + 60_000)
    const left = ["ready", "scheduled"].flatMap((state) => browseAll(scene, state as MessageState, now + 60_000))
    const bodies = left.map(({ frame }) => decodedFrame(frame).body)
    expect(bodies).toEqual(["new", "far"].flatMap((body) => Array.from({ length: slices }, () => body)))
  })

  it("[O8] also takes what expired and was not swept out, and what the queue's delay holds back", () => {
    const scene = QueueScene.create({ delayMs: 60_000 })
    scene.send([{ body: "held back", ttlMs: 10 }, { body: "too" }], NOW)
    expect(purgeAll(scene, ["ready"], filterOf(), NOW + 20)).toBe(0)
    expect(purgeAll(scene, ["delayed"], filterOf(), NOW + 20)).toBe(2)
    expect(scene.statistics(NOW + 20)).toMatchObject({ delayed: 0, bytes: 0, expired: 0, removed: 2 })
  })

  it("[O8] takes damaged messages unless the filter asks for content or time", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "damaged" }], NOW)
    scene.database.run("UPDATE log SET header = x'00', frames = x'00'")
    scene.reload()
    expect(purgeAll(scene, ALL, filterOf({ groupId: "a" }), NOW)).toBe(0)
    expect(purgeAll(scene, ALL, filterOf({ sentAfter: 0 }), NOW)).toBe(0)
    expect(purgeAll(scene, ALL, filterOf(), NOW)).toBe(1)
  })

  it("[O8] [Q16] lets the groups of a fifo queue go on", () => {
    const scene = QueueScene.create({ ordering: "fifo" })
    const groups = ["a", "b", "c"]
    const messages = Array.from({ length: 3 * PAGE_OFFSETS }, (_, at) => ({ body: `${at}`, groupId: groups[at % 3]! }))
    scene.send(messages, NOW)
    const [held] = scene.receive({ maxMessages: 1 }, NOW)
    expect(held!.body).toBe("0")
    expect(purgeAll(scene, ALL, filterOf({ groupId: "a" }), NOW)).toBe(PAGE_OFFSETS)
    scene.reload()
    const rest = scene.receive({ maxMessages: 3 * PAGE_OFFSETS }, NOW).map(({ body }) => Number(body))
    expect(rest.filter((at) => at % 3 === 1)).toEqual(Array.from({ length: PAGE_OFFSETS }, (_, at) => 3 * at + 1))
    expect(rest.length).toBe(2 * PAGE_OFFSETS)
    expect(purgeAll(scene, ALL, filterOf(), NOW)).toBe(2 * PAGE_OFFSETS)
    expect(scene.statistics(NOW)).toMatchObject({ ready: 0, inFlight: 0, bytes: 0 })
  })

  it("[O9] reads no payload without a filter on content", () => {
    const scene = QueueScene.create({ ordering: "fifo" })
    scene.send(manyOf(5000, "g"), NOW)
    scene.reload()
    const all = scene.database.all.bind(scene.database)
    scene.database.all = (sql, ...values) => {
      if (/\bframes\b/.test(sql) && sql.startsWith("SELECT")) throw new Error("a payload was read")
      return all(sql, ...values)
    }
    expect(purgeAll(scene, ["ready", "in_flight", "delayed"], filterOf({ sentAfter: NOW }), NOW)).toBe(5000)
    expect(scene.statistics(NOW)).toMatchObject({ ready: 0, bytes: 0 })
  })

  it("[O8] after any history removes exactly what a list says", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("send" as const),
        group: fc.constantFrom("a", "b", "c"),
        delayMs: fc.constantFrom(0, 0, 0, 50),
      }),
      fc.record({ kind: fc.constant("receive" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("nack" as const), delayMs: fc.constantFrom(0, 40) }),
      fc.constant({ kind: "ack" as const }),
      fc.constant({ kind: "wait" as const }),
      fc.constant({ kind: "reload" as const }),
    )
    const arbitrary = fc.record({
      steps: fc.array(step, { maxLength: 40 }),
      mode: fc.constantFrom({ ordering: "standard" } as const, { ordering: "fifo" } as const, { fair: true } as const),
      delayMs: fc.constantFrom(0, 0, 30),
      states: fc.subarray([...ALL], { minLength: 1 }),
      groupId: fc.constantFrom(null, "a", "b"),
      sentAfter: fc.constantFrom(null, NOW + 15),
      sentBefore: fc.constantFrom(null, NOW + 25),
    })
    fc.assert(
      fc.property(arbitrary, ({ steps, mode, delayMs, states, ...times }) => {
        const scene = QueueScene.create({ ...mode, delayMs })
        let now = NOW
        const held: Receipt[] = []
        for (const one of steps) {
          if (one.kind === "reload") scene.reload()
          else if (one.kind === "wait") scene.alarmsUntil((now += 10))
          else if (one.kind === "receive") held.push(...scene.receive({ maxMessages: one.count }, now))
          else if (one.kind === "send") {
            const { ordering } = scene.settings
            const time = ordering === "fifo" ? {} : { delayMs: one.delayMs }
            scene.send([{ body: "m", groupId: one.group, ...time }], now)
          } else if (one.kind === "ack") scene.ack(held.pop() ?? { offset: 0, attempt: 0 }, now)
          else scene.nack(held.pop() ?? { offset: 0, attempt: 0 }, now, { delayMs: one.delayMs })
        }
        const filter = filterOf(times)
        const before = everything(scene, now)
        const meant = before.filter((message) => states.includes(message.state) && isMeant(message, filter))
        expect(purgeAll(scene, states, filter, now)).toBe(meant.length)
        const left = before.filter((message) => !meant.includes(message))
        expect(everything(scene, now)).toEqual(left)
        scene.reload()
        expect(everything(scene, now)).toEqual(left)
        expect(scene.statistics(now).bytes).toBe(left.reduce((bytes, { frame }) => bytes + frame.length, 0))
        scene.close()
      }),
      { numRuns: 300 },
    )
  })
})

type Shown = ReturnType<typeof everything>[number]

/** All messages as a browse shows them: what the filter's own tests check. */
function everything(scene: QueueScene, now: number) {
  return ALL.flatMap((state) => browseAll(scene, state, now))
}

function isMeant({ sentAt, frame }: Shown, { groupId, sentAfter, sentBefore }: MessageFilter): boolean {
  const isOfGroup = groupId === null || decodedFrame(frame).groupId === groupId
  return isOfGroup && (sentAfter === null || sentAt >= sentAfter) && (sentBefore === null || sentAt < sentBefore)
}

function manyOf(count: number, groupId?: string): { body: string; groupId?: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    body: `m${index}`,
    ...(groupId === undefined ? {} : { groupId }),
  }))
}
