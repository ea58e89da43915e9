import { expect, it } from "vitest"
import { PAGE_OFFSETS, TAIL_ROW_BYTES } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

it("[Q1] delivers what was sent behind a row that was sealed by it, on a page that nobody had read yet", () => {
  const scene = QueueScene.create()
  const large = "x".repeat(TAIL_ROW_BYTES)
  scene.send(
    Array.from({ length: PAGE_OFFSETS - 1 }, (_, at) => ({ body: `m${at}` })),
    NOW,
  )
  scene.send([{ body: "end of the first page" }, { body: "tail" }], NOW)
  scene.send([{ body: large }, { body: "last" }], NOW)
  const bodies = scene.receive({ maxMessages: PAGE_OFFSETS + 3 }, NOW).map(({ body }) => body)
  expect(bodies.slice(PAGE_OFFSETS)).toEqual(["tail", large, "last"])
})

it("[Q42] leaves no row behind of messages that came and went in one commit", () => {
  const scene = QueueScene.create({ maxMessages: 1, overflow: "drop-oldest" })
  const large = "x".repeat(TAIL_ROW_BYTES)
  for (let round = 0; round < 3; round++) {
    scene.send(
      Array.from({ length: PAGE_OFFSETS }, (_, at) => ({ body: `${round} ${at} ${large}` })),
      NOW,
    )
  }
  const rows = () => scene.database.all<{ count: number }>("SELECT count(*) AS count FROM log")[0]?.count
  expect(rows()).toBe(1)
  const [left] = scene.receive({ maxMessages: 10 }, NOW)
  expect(left?.body).toBe(`2 ${PAGE_OFFSETS - 1} ${large}`)
  scene.reload()
  expect(scene.receive({ maxMessages: 10 }, NOW)).toEqual([])
})
