import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_BROWSE_SCAN, MAX_RECEIVE_BYTES, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { browse } from "../../../src/core/queue/operator/browse.ts"
import type { BrowseReply, MessageState } from "../../../src/core/queue/operator/commands.ts"
import { browseAll, deadLetterOf, filterOf, frameOf, pageOf, takeFrames } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { decodedFrame, NOW } from "./scene-messages.ts"

const STATES: readonly MessageState[] = ["ready", "in_flight", "delayed", "scheduled"]
const HOUR_MS = 3_600_000

describe("browse", () => {
  it("[O1] shows each message in its state, with its holder, its times and its deliveries", () => {
    const scene = QueueScene.create({ retentionMs: HOUR_MS })
    const later = { body: "scheduled", delayMs: 5_000, ttlMs: 1_000 }
    scene.send([{ body: "held" }, { body: "back" }, { body: "ready", ttlMs: 60_000 }, later], NOW)
    scene.receive({ maxMessages: 1, visibilityTimeoutMs: 20_000 }, NOW + 1)
    const [back] = scene.receive({ maxMessages: 1 }, NOW + 2)
    scene.nack(back!, NOW + 3, { delayMs: 7_000 })
    const shown = STATES.map((state) => browseAll(scene, state, NOW + 4))
    expect(shown.map((messages) => messages.map(({ frame }) => decodedFrame(frame).body))).toEqual([
      ["ready"],
      ["held"],
      ["back"],
      ["scheduled"],
    ])
    expect(shown.map(([message]) => ({ ...message, frame: null }))).toEqual([
      {
        messageId: 3,
        offset: 2,
        state: "ready",
        sentAt: NOW,
        untilAt: null,
        consumer: null,
        deliveryCount: 0,
        firstDeliveredAt: null,
        expiresAt: NOW + 60_000,
        frame: null,
      },
      {
        messageId: 1,
        offset: 0,
        state: "in_flight",
        sentAt: NOW,
        untilAt: NOW + 20_001,
        consumer: 0,
        deliveryCount: 1,
        firstDeliveredAt: NOW + 1,
        expiresAt: NOW + HOUR_MS,
        frame: null,
      },
      {
        messageId: 2,
        offset: 1,
        state: "delayed",
        sentAt: NOW,
        untilAt: NOW + 7_003,
        consumer: null,
        deliveryCount: 1,
        firstDeliveredAt: NOW + 2,
        expiresAt: NOW + HOUR_MS,
        frame: null,
      },
      {
        messageId: 4,
        offset: null,
        state: "scheduled",
        sentAt: NOW,
        untilAt: NOW + 5_000,
        consumer: null,
        deliveryCount: 0,
        firstDeliveredAt: null,
        expiresAt: NOW + 6_000,
        frame: null,
      },
    ])
  })

  it("[O1] names the subscription that holds a message", () => {
    const scene = QueueScene.create()
    scene.subscribe({ id: 77 }, NOW)
    scene.send([{ body: "a" }], NOW)
    expect(browseAll(scene, "in_flight", NOW).map(({ consumer }) => consumer)).toEqual([77])
  })

  it("[O1] what the queue's delay holds back is delayed, and scheduled ones are due at the later time", () => {
    const scene = QueueScene.create({ delayMs: 10_000 })
    scene.send([{ body: "a" }], NOW)
    scene.send([{ body: "b" }, { body: "c", delayMs: 60_000 }], NOW + 5_000)
    const at = NOW + 12_000
    expect(browseAll(scene, "ready", at).map(({ messageId }) => messageId)).toEqual([1])
    expect(browseAll(scene, "delayed", at)).toMatchObject([{ messageId: 2, untilAt: NOW + 15_000 }])
    expect(browseAll(scene, "scheduled", at)).toMatchObject([{ messageId: 3, untilAt: NOW + 65_000 }])
  })

  it("[O1] does not show what expired and was not swept out, but shows it in flight", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "held", ttlMs: 1_000 }, { body: "old", ttlMs: 1_000 }, { body: "new" }], NOW)
    scene.receive({ maxMessages: 1 }, NOW)
    expect(browseAll(scene, "ready", NOW + 1_000).map(({ messageId }) => messageId)).toEqual([3])
    expect(browseAll(scene, "in_flight", NOW + 1_000).map(({ messageId }) => messageId)).toEqual([1])
    expect(scene.statistics(NOW + 1_000).ready).toBe(2)
  })

  it("[O2] changes nothing and writes no row", () => {
    const scene = QueueScene.create({ ordering: "fifo" })
    scene.send(manyOf(3 * PAGE_OFFSETS, "g"), NOW)
    scene.receive({ maxMessages: 5 }, NOW)
    const [rows, end, statistics] = [scene.rowsWritten, scene.queue.state.delivery.window.end, scene.statistics(NOW)]
    for (const state of STATES) browseAll(scene, state, NOW)
    expect(scene.rowsWritten).toBe(rows)
    expect(scene.queue.state.delivery.window.end).toBe(end)
    expect(scene.statistics(NOW)).toEqual(statistics)
  })

  it("[O3] answers no more than fits", () => {
    const scene = QueueScene.create()
    const large = "x".repeat(MAX_RECEIVE_BYTES / 4 - 100)
    for (let index = 0; index < 6; index++) scene.send([{ body: large }], NOW)
    expect(pageOf(scene, "ready", NOW).messages.length).toBe(4)
    expect(browseAll(scene, "ready", NOW).map(({ messageId }) => messageId)).toEqual([1, 2, 3, 4, 5, 6])
    expect(pageOf(scene, "ready", NOW, { limit: 1 }).messages.length).toBe(1)
  })

  it("[O3] looks at a bounded number of messages in a call, and goes on behind them", () => {
    const scene = QueueScene.create()
    const frames = Array.from({ length: MAX_BROWSE_SCAN + 50 }, (_, index) => frameOf(`m${index}`, {}, `g${index}`))
    takeFrames(scene, frames, NOW)
    const filter = filterOf({ groupId: `g${MAX_BROWSE_SCAN + 20}` })
    const first = pageOf(scene, "ready", NOW, { filter })
    expect(first.messages).toEqual([])
    expect(first.cursor).toEqual({ incarnation: 7, at: MAX_BROWSE_SCAN, messageId: 0 })
    const second = pageOf(scene, "ready", NOW, { filter, cursor: first.cursor })
    expect(second.messages.map(({ offset }) => offset)).toEqual([MAX_BROWSE_SCAN + 20])
    expect(second.cursor).toBeNull()
  })

  it("[O3] does not open pages without a message in the state", () => {
    const scene = QueueScene.create()
    scene.send(manyOf(20 * PAGE_OFFSETS), NOW)
    const received = scene.receive({ maxMessages: 19 * PAGE_OFFSETS }, NOW)
    for (const receipt of received.slice(0, -1)) scene.queue.settle(nackOf(receipt), NOW)
    scene.alarm(NOW)
    const { window } = scene.queue.state.delivery
    window.pages.chillBeyond(0, 0)
    expect(pageOf(scene, "in_flight", NOW)).toMatchObject({
      messages: [{ offset: 19 * PAGE_OFFSETS - 1 }],
      cursor: null,
    })
    expect(window.pages.expanded.size).toBe(2)
  })

  it("[O3] refuses the cursor of an earlier life", () => {
    const scene = QueueScene.create()
    const cursor = { incarnation: 6, at: 0, messageId: 0 }
    const request = { state: "ready", filter: filterOf(), limit: 10, cursor } as const
    expect(browse(scene.queue.state, request, NOW)).toEqual({ ok: false, error: { code: "log_recreated" } })
  })

  it("[O3] pages of scheduled messages end anywhere within a stored row", () => {
    const scene = QueueScene.create()
    const send = (count: number, delayMs: number): void => {
      scene.send(
        manyOf(count).map((message) => ({ ...message, delayMs })),
        NOW,
      )
    }
    send(7, 2_000)
    send(5, 1_000)
    send(4, 2_000)
    const inOrder = [8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 16]
    for (const limit of [1, 2, 3, 5, 100]) {
      expect(browseAll(scene, "scheduled", NOW, { limit }).map(({ messageId }) => messageId)).toEqual(inOrder)
    }
  })

  it("[O3] shows a message that stays exactly once, whatever becomes of the others", () => {
    const arbitrary = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      limit: fc.integer({ min: 1, max: 7 }),
      isScheduled: fc.boolean(),
      doomed: fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }), { maxLength: 20 }),
    })
    fc.assert(
      fc.property(arbitrary, ({ count, limit, isScheduled, doomed }) => {
        const scene = QueueScene.create()
        scene.send(
          manyOf(count).map((message) => ({ ...message, delayMs: isScheduled ? 1_000 : 0 })),
          NOW,
        )
        const staying = new Set(Array.from({ length: count }, (_, index) => index + 1))
        const seen: number[] = []
        let cursor: BrowseReply["cursor"] = null
        do {
          const page: BrowseReply = pageOf(scene, isScheduled ? "scheduled" : "ready", NOW, { limit, cursor })
          seen.push(...page.messages.map(({ messageId }) => messageId))
          cursor = page.cursor
          for (const messageId of doomed.shift() ?? []) {
            if (!staying.delete(messageId)) continue
            const { state } = scene.queue
            scene.together(NOW, () =>
              isScheduled ? state.schedule.cancel(messageId) : state.remove(messageId - 1, NOW),
            )
          }
        } while (cursor)
        expect(new Set(seen).size).toBe(seen.length)
        expect(seen.filter((messageId) => staying.has(messageId))).toEqual([...staying])
        scene.close()
      }),
      { numRuns: 100 },
    )
  })
})

describe("filter", () => {
  const scene = QueueScene.create()
  takeFrames(scene, [frameOf("plain", { color: "red" }, "tenant")], NOW)
  takeFrames(scene, [deadLetterOf(frameOf("dead", { color: "blue" }, "other"), "orders", "max_deliveries")], NOW + 10)
  takeFrames(scene, [deadLetterOf(frameOf("gone", { Color: "red" }), "bills")], NOW + 20)
  const cases = [
    [{}, ["plain", "dead", "gone"]],
    [{ reason: "max_deliveries" }, ["dead"]],
    [{ reason: "rejected" }, ["gone"]],
    [{ header: { name: "color", value: "red" } }, ["plain"]],
    [{ header: { name: "color", value: "re" } }, []],
    [{ header: { name: "millrace-dead-letter-source", value: "bills" } }, ["gone"]],
    [{ groupId: "tenant" }, ["plain"]],
    [{ groupId: "" }, []],
    [{ sentAfter: NOW + 10 }, ["dead", "gone"]],
    [{ sentBefore: NOW + 10 }, ["plain"]],
    [{ sentAfter: NOW + 10, sentBefore: NOW + 20, reason: "max_deliveries" }, ["dead"]],
    [{ sentAfter: NOW + 11, reason: "max_deliveries" }, []],
    [{ groupId: "other", reason: "rejected" }, []],
  ] as const

  it.each(cases)("[O4] %j shows %j", (given, bodies) => {
    const shown = browseAll(scene, "ready", NOW + 30, { filter: filterOf(given) })
    expect(shown.map(({ frame }) => decodedFrame(frame).body)).toEqual(bodies)
  })

  it("[O4] counts the send of a scheduled message", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "a", delayMs: 5_000 }], NOW)
    scene.send([{ body: "b", delayMs: 1_000 }], NOW + 10)
    const shown = browseAll(scene, "scheduled", NOW + 20, { filter: filterOf({ sentAfter: NOW + 5 }) })
    expect(shown.map(({ messageId }) => messageId)).toEqual([2])
  })

  it("[O4] a damaged message is shown without a filter on content, and matches none", () => {
    const scene = QueueScene.create()
    scene.send([{ body: "damaged" }], NOW)
    scene.database.run("UPDATE log SET frames = x'00'")
    scene.reload()
    expect(browseAll(scene, "ready", NOW)).toMatchObject([{ offset: 0, frame: new Uint8Array(0) }])
    expect(browseAll(scene, "ready", NOW, { filter: filterOf({ groupId: "g" }) })).toEqual([])
    expect(browseAll(scene, "ready", NOW, { filter: filterOf({ reason: "rejected" }) })).toEqual([])
  })
})

function manyOf(count: number, groupId?: string): { body: string; groupId?: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    body: `m${index}`,
    ...(groupId === undefined ? {} : { groupId }),
  }))
}

function nackOf({ offset, attempt }: { readonly offset: number; readonly attempt: number }) {
  const receipt = { incarnation: 7, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt }
  return { kind: "nack", receipt, delayMs: 0, fault: true, error: null } as const
}
