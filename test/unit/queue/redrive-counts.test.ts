import { describe, expect, it } from "vitest"
import type { Redrive } from "../../../src/core/queue/operator/commands.ts"
import { deadLetterOf, filterOf, frameOf, takeFrames } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

const REQUEST = { queue: null, filter: filterOf(), maxMessagesPerSecond: null }

describe("what a redrive counts", () => {
  it("[O11] tells those left that have nowhere to go from others, and how many messages waited when it began", () => {
    const scene = QueueScene.create()
    takeFrames(scene, [deadLetterOf(frameOf("held"))], NOW)
    scene.receive({ maxMessages: 1 }, NOW)
    takeFrames(scene, [frameOf("plain"), deadLetterOf(frameOf("good")), frameOf("another")], NOW)
    scene.together(NOW, () => scene.queue.redrives.start(REQUEST, NOW))
    takeFrames(scene, [deadLetterOf(frameOf("late"))], NOW)
    scene.reload()
    scene.alarm(NOW)
    expect(newest(scene)).toMatchObject({ state: "done", moved: 1, skipped: 3, sourceless: 2, messages: 3 })
    scene.together(NOW + 1, () => scene.queue.redrives.start({ ...REQUEST, queue: "target" }, NOW + 1))
    scene.alarm(NOW + 1)
    expect(newest(scene)).toMatchObject({ state: "done", moved: 3, skipped: 1, sourceless: 0, messages: 3 })
  })

  it("[O14] is cancelled by its number, which no other one has", () => {
    const scene = QueueScene.create()
    const slow = { ...REQUEST, queue: "target", maxMessagesPerSecond: 1 }
    takeFrames(scene, [frameOf("plain"), frameOf("another")], NOW)
    scene.together(NOW, () => scene.queue.redrives.start(slow, NOW))
    expect(scene.queue.redrives.cancel(NOW, 1)).toMatchObject({ ok: true, value: { no: 1, state: "cancelled" } })
    scene.together(NOW, () => scene.queue.redrives.start(slow, NOW))
    expect(scene.queue.redrives.cancel(NOW, 1)).toMatchObject({ ok: false, error: { code: "not_found" } })
    expect(newest(scene)).toMatchObject({ no: 2, state: "running" })
  })
})

function newest(scene: QueueScene): Redrive {
  return scene.queue.redrives.all[0]!
}
