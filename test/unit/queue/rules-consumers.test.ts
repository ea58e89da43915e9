import { describe, expect, it } from "vitest"
import { DETACHED } from "../../../src/core/delivery/types.ts"
import { RECEIVE_ATTEMPT_MS } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Receipt } from "./scene-messages.ts"

const TIMEOUT_MS = 30_000

function letters(text: string): { body: string; groupId: string }[] {
  return text.split("").map((body) => ({ body, groupId: "A" }))
}

function receiptsOf(messages: readonly Receipt[]): Receipt[] {
  return messages.map(({ offset, attempt }) => ({ offset, attempt }))
}

function pushed(scene: QueueScene): string[] {
  return scene.takePushed().map(({ consumer, messages }) => `${consumer}:${messages.map(({ body }) => body).join("")}`)
}

for (const ordering of ["standard", "fifo"] as const) {
  describe(`a receive with an attempt id (${ordering})`, () => {
    function receiving(): { scene: QueueScene; first: readonly Receipt[] } {
      const scene = QueueScene.create({ ordering })
      scene.sent(letters("abcd"), NOW)
      return { scene, first: scene.receive({ maxMessages: 2, attemptId: "x" }, NOW) }
    }

    it("[Q17] is answered with the same messages and receipts, whose timeout begins anew, across a restart", () => {
      const { scene, first } = receiving()
      scene.reload()
      const again = scene.receive({ maxMessages: 10, attemptId: "x" }, NOW + TIMEOUT_MS - 1)
      expect(receiptsOf(again)).toEqual(receiptsOf(first))
      expect(scene.statistics(NOW + TIMEOUT_MS)).toMatchObject({ delivered: 2, inFlight: 2 })
      scene.alarmsUntil(NOW + 2 * TIMEOUT_MS - 2)
      expect(scene.ack(first[0]!, NOW + 2 * TIMEOUT_MS - 2)).toBeNull()
    })

    it("[Q17] is a new one after any of its messages was settled, or ran out", () => {
      const settled = receiving()
      settled.scene.ack(settled.first[0]!, NOW + 1)
      settled.scene.reload()
      const after = settled.scene.receive({ attemptId: "x" }, NOW + 2).map(({ body }) => body)
      expect(after).toEqual(ordering === "fifo" ? [] : ["c", "d"])

      const ranOut = receiving()
      const later = ranOut.scene.receive({ attemptId: "x" }, NOW + TIMEOUT_MS)
      expect(later.map(({ body, attempt }) => `${body}${attempt}`)).toEqual(["a2", "b2", "c1", "d1"])
      ranOut.scene.reload()
      expect(receiptsOf(ranOut.scene.receive({ attemptId: "x" }, NOW + TIMEOUT_MS + 1))).toEqual(receiptsOf(later))
    })

    it("[Q17] is forgotten after RECEIVE_ATTEMPT_MS, and leaves no row", () => {
      const { scene, first } = receiving()
      for (const receipt of first) scene.extend(receipt, 3 * RECEIVE_ATTEMPT_MS, NOW)
      scene.reload()
      const before = scene.receive({ attemptId: "x" }, NOW + RECEIVE_ATTEMPT_MS - 1)
      expect(receiptsOf(before)).toEqual(receiptsOf(first))
      for (const receipt of first) scene.extend(receipt, 3 * RECEIVE_ATTEMPT_MS, NOW + RECEIVE_ATTEMPT_MS - 1)
      const after = scene.receive({ attemptId: "x" }, NOW + RECEIVE_ATTEMPT_MS).map(({ body }) => body)
      expect(after).toEqual(ordering === "fifo" ? [] : ["c", "d"])
      scene.alarmsUntil(NOW + 10 * RECEIVE_ATTEMPT_MS)
      expect(scene.rowsIn("receive_attempt")).toBe(0)
    })

    it("[Q17] holds for one that waits", () => {
      const scene = QueueScene.create({ ordering })
      const waiting = { holder: DETACHED, attemptId: "x", grantedMessages: 2 }
      scene.subscribe({ id: 1, ...waiting }, NOW)
      scene.sent(letters("abc"), NOW + 1)
      const [push] = scene.takePushed()
      scene.unsubscribe(1, NOW + 2)
      scene.reload()
      scene.subscribe({ id: 2, ...waiting }, NOW + 3)
      scene.sent(letters("d"), NOW + 4)
      const [again] = scene.takePushed()
      expect(receiptsOf(again!.messages)).toEqual(receiptsOf(push!.messages))
      expect(again!.messages.map(({ body }) => body)).toEqual(["a", "b"])
    })
  })

  describe(`a single active consumer (${ordering})`, () => {
    function withTwo(): QueueScene {
      const scene = QueueScene.create({ ordering, singleActiveConsumer: true })
      scene.subscribe({ id: 9 }, NOW)
      scene.subscribe({ id: 3 }, NOW + 1)
      return scene
    }

    it("[Q18] is the one that joined first, until it has ended and nobody holds a message", () => {
      const scene = withTwo()
      scene.sent(letters("ab"), NOW + 2)
      expect(pushed(scene)).toEqual(["9:ab"])
      scene.reload()
      scene.sent(letters("c"), NOW + 3)
      expect(pushed(scene)).toEqual(["9:c"])
      scene.unsubscribe(9, NOW + 4)
      expect(pushed(scene)).toEqual(["3:abc"])
    })

    it("[Q18] waits for what an HTTP receive got before it came", () => {
      const scene = QueueScene.create({ ordering, singleActiveConsumer: true })
      scene.sent(letters("ab"), NOW)
      const [held] = scene.receive({ maxMessages: 1 }, NOW)
      scene.subscribe({ id: 1 }, NOW + 1)
      scene.reload()
      scene.alarm(NOW + 2)
      expect(pushed(scene)).toEqual([])
      scene.ack(held!, NOW + 3)
      expect(pushed(scene)).toEqual(["1:b"])
    })

    it("[Q19] keeps HTTP receives out while it is there, and while it holds something", () => {
      const scene = withTwo()
      scene.sent(letters("a"), NOW + 2)
      expect(() => scene.receive({}, NOW + 3)).toThrow("consumer_active")
      scene.reload()
      expect(() => scene.receive({}, NOW + 4)).toThrow("consumer_active")
      scene.unsubscribe(3, NOW + 5)
      scene.unsubscribe(9, NOW + 5)
      expect(scene.receive({}, NOW + 6).map(({ body }) => body)).toEqual(["a"])
      expect(scene.receive({}, NOW + 6)).toEqual([])
    })

    it("[Q45] is served where it stood after a pause", () => {
      const scene = withTwo()
      scene.configure({ deliveryPaused: true })
      scene.sent(letters("ab"), NOW + 2)
      expect(pushed(scene)).toEqual([])
      scene.reload()
      scene.alarm(NOW + 3)
      expect(pushed(scene)).toEqual([])
      scene.configure({ deliveryPaused: false })
      scene.alarm(NOW + 4)
      expect(pushed(scene)).toEqual(["9:ab"])
    })
  })
}
