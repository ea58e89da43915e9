import { describe, expect, it } from "vitest"
import { MAX_BROWSE_SCAN, MAX_FIND_PAGES, MAX_PURGE_SLICE } from "../../../src/core/limits.ts"
import { browse } from "../../../src/core/queue/operator/browse.ts"
import type { BrowseRequest, PurgeRequest } from "../../../src/core/queue/operator/commands.ts"
import { purge } from "../../../src/core/queue/operator/purge.ts"
import { QueueOperator, type RunCommand } from "../../../src/objects/queue-operator.ts"
import { browseAll, filterOf } from "./operator-scene.ts"
import { QueueScene } from "./scene.ts"
import { NOW } from "./scene-messages.ts"

const FIRST: BrowseRequest = { state: "ready", filter: filterOf({ sentBefore: 0 }), limit: 10, cursor: null }
const LATER: PurgeRequest = { states: ["scheduled"], filter: filterOf(), cursor: null }

describe("operator calls that meet in one commit", () => {
  it("[O16] look at no more together than one may alone, and each goes on where it was", () => {
    const scene = sceneOf(MAX_BROWSE_SCAN + 2_000)
    const together = (requests: readonly BrowseRequest[]) =>
      scene.together(NOW, () => requests.map((request) => browse(scene.queue.state, request, NOW)))
    const pages = together([FIRST, FIRST, FIRST]).map((page) => (page.ok ? page.value : null))
    expect(pages.map((page) => page?.cursor?.at)).toEqual([MAX_BROWSE_SCAN, 0, 0])
    expect(together([{ ...FIRST, cursor: pages[1]!.cursor }])).toMatchObject([
      { value: { cursor: { at: MAX_BROWSE_SCAN } } },
    ])
    const all: PurgeRequest = { states: ["ready"], filter: filterOf(), cursor: null }
    const purges = scene.together(NOW, () => [1, 2].map(() => purge(scene.queue.state, all, NOW)))
    expect(purges.map(({ removed }) => removed)).toEqual([MAX_PURGE_SLICE, 0])
    expect(purges[1]!.cursor).not.toBeNull()
  })

  it("[O16] wait for a commit of their own, and are answered as if they were alone", async () => {
    const scene = sceneOf(MAX_BROWSE_SCAN + 2_000)
    const { operator, commits } = operatorOf(scene)
    const pages = await Promise.all([1, 2, 3, 4].map(() => operator.browse(1, FIRST)))
    for (const page of pages) expect(page).toMatchObject({ value: { cursor: { at: MAX_BROWSE_SCAN } } })
    expect(commits()).toBe(4)
  })

  it("[O16] searches through a long log take turns, and all come to an end", async () => {
    const scene = QueueScene.create()
    const [late] = scene.sent([{ body: "late", delayMs: 1_000 }], NOW)
    for (let page = 0; page < MAX_FIND_PAGES + 2; page++) scene.sent(many(1024), NOW)
    scene.alarmsUntil(NOW + 1_000)
    const { operator, commits } = operatorOf(scene)
    const found = await Promise.all([1, 2, 3, 4, 5, 6].map(() => operator.find(1, late!)))
    for (const one of found) expect(one).toMatchObject({ ok: true, value: { messageId: late } })
    expect(commits()).toBeGreaterThan(4)
    expect(await operator.remove(1, 5)).toMatchObject({ ok: true })
  })

  it("[O8] a purge goes on behind what one before it emptied", () => {
    const scene = QueueScene.create()
    // due at different times: a row each
    const scheduled = Array.from({ length: 1_500 }, (_, at) => ({ body: "m", delayMs: 60_000 + at }))
    scene.sent(
      scheduled.slice(0, 1_100).map((message) => ({ ...message, groupId: "a" })),
      NOW,
    )
    scene.sent(scheduled.slice(1_100), NOW)
    const { state } = scene.queue
    const replies = scene.together(NOW, () => [
      purge(state, { ...LATER, filter: filterOf({ groupId: "a" }) }, NOW),
      purge(state, LATER, NOW),
    ])
    expect(replies).toEqual([
      { removed: 1_100, cursor: null },
      { removed: 400, cursor: null },
    ])
    expect(scene.statistics(NOW)).toMatchObject({ scheduled: 0, removed: 1_500, bytes: 0 })
    expect(scene.rowsIn("scheduled")).toBe(0)
  })

  it("[O3] a browse goes on behind what was cancelled before it, and behind damaged rows", () => {
    const scene = QueueScene.create()
    const ids = [1, 2, 3, 4].map((at) => scene.sent([{ body: "m", delayMs: at * 1_000 }], NOW)[0]!)
    const { state } = scene.queue
    const page = scene.together(NOW, () => {
      state.schedule.cancel(ids[0]!)
      return browse(state, { state: "scheduled", filter: filterOf(), limit: 1, cursor: null }, NOW)
    })
    expect(page).toMatchObject({ ok: true, value: { messages: [{ messageId: ids[1] }] } })
    scene.database.run("UPDATE scheduled SET header = x'00' WHERE message_id IN (?, ?)", ids[1]!, ids[2]!)
    scene.reload()
    const left = browseAll(scene, "scheduled", NOW, { limit: 1 })
    expect(left.map(({ messageId }) => messageId)).toEqual([ids[3]])
  })
})

/** A queue with so many messages in its log. */
function sceneOf(count: number): QueueScene {
  const scene = QueueScene.create()
  for (let left = count; left > 0; left -= 1_000) scene.sent(many(Math.min(left, 1_000)), NOW)
  return scene
}

function many(count: number): { body: string }[] {
  return Array.from({ length: count }, () => ({ body: "m" }))
}

/** An operator whose calls of one turn are one commit, as the object makes it; and how many there were. */
function operatorOf(scene: QueueScene): { operator: QueueOperator; commits: () => number } {
  let pending: (() => void)[] = []
  let commits = 0
  const flush = (): void => {
    const commands = pending
    pending = []
    commits++
    scene.together(NOW, () => {
      for (const command of commands) command()
    })
  }
  const run: RunCommand = (_version, command) =>
    new Promise((resolve) => {
      if (pending.length === 0) setImmediate(flush)
      pending.push(() => resolve(command(scene.queue, NOW)))
    })
  return { operator: new QueueOperator(run), commits: () => commits }
}
