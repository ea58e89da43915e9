import { expect, it, vi } from "vitest"
import { PAGE_OFFSETS, TAIL_ROW_BYTES } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

const DELAY_MS = 1_000

it("[Q23] what is old enough after a load is found without reading every page", () => {
  const scene = QueueScene.create({ delayMs: DELAY_MS })
  const pages = 100
  const page = Array.from({ length: PAGE_OFFSETS }, () => ({ body: "x" }))
  for (let pageNo = 0; pageNo < pages; pageNo++) scene.sent(page, NOW + pageNo)
  for (const old of [0, 1, 60, 99, 100]) {
    scene.reload()
    const headers = vi.spyOn(scene.store.log, "headers")
    const { ready, delayed } = scene.statistics(NOW + DELAY_MS + old - 1)
    expect({ ready, delayed }).toEqual({ ready: old * PAGE_OFFSETS, delayed: (pages - old) * PAGE_OFFSETS })
    expect(headers.mock.calls.length).toBeLessThan(pages / 4)
    headers.mockRestore()
  }
})

it("[Q23] a damaged row holds nothing up and lets nothing go early, wherever it lies", () => {
  const scene = QueueScene.create({ delayMs: DELAY_MS })
  const count = 40
  // a row of its own for each, and several at a time
  const body = "x".repeat(TAIL_ROW_BYTES)
  const sentAt = Array.from({ length: count }, (_, offset) => NOW + Math.floor(offset / 3) * 10)
  for (const at of sentAt) scene.sent([{ body }], at)
  expect(scene.rowsIn("log")).toBe(count)
  const damaged = new Set<number>()
  for (const more of [[], [0, 7], [8, 9, 10, 11], [20, 21, 37], [38, 39], [1, 2, 3, 4, 5, 6], [19, 22, 23, 24]]) {
    for (const offset of more) {
      damaged.add(offset)
      scene.database.run("UPDATE log SET header = x'00' WHERE base_offset = ?", offset)
    }
    for (let now = NOW; now <= NOW + DELAY_MS + 10 * count; now += 5) {
      scene.reload()
      const isHeld = (at: number, offset: number) => !damaged.has(offset) && at + DELAY_MS > now
      const firstHeld = sentAt.findIndex(isHeld)
      expect(scene.queue.state.heldBack.end(now)).toBe(firstHeld === -1 ? count : firstHeld)
    }
    // the same by and by
    scene.reload()
    for (let now = NOW; now <= NOW + DELAY_MS + 10 * count; now += 5) {
      const reached = scene.queue.state.heldBack.end(now)
      expect(sentAt.every((at, offset) => offset >= reached || damaged.has(offset) || at + DELAY_MS <= now)).toBe(true)
      expect(reached === count || sentAt[reached]! + DELAY_MS > now).toBe(true)
    }
  }
})
