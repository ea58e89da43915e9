import { describe, expect, it } from "vitest"
import { MAX_DEDUP_IDS } from "../../../src/core/limits.ts"
import { DedupWindow } from "../../../src/core/queue/dedup/dedup-window.ts"
import { collidingKeys, DedupScene, keyOf, keysOf, rowOf } from "./dedup-scene.ts"

const WINDOW_MS = 5 * 60_000
const KEY = keyOf("order-1")

describe("a repeated id", () => {
  it("[Q30] answers the first id, in the same commit, later and after a restart", () => {
    const scene = new DedupScene()
    expect(scene.send(KEY, 0, WINDOW_MS)).toBe(1)
    expect(scene.send(KEY, 0, WINDOW_MS)).toBe(1)
    scene.commit(0)
    expect(scene.send(KEY, 1000, WINDOW_MS)).toBe(1)
    expect(scene.commit(1000)).toEqual({ written: [], removed: [] })
    scene.reload()
    expect(scene.send(KEY, 2000, WINDOW_MS)).toBe(1)
    expect(scene.send(keyOf("order-2"), 2000, WINDOW_MS)).toBe(2)
  })

  it("[Q30] [Q32] is told from another id of the same hash", () => {
    const keys = collidingKeys(3)
    expect(new Set(keys.map(({ hash }) => hash)).size).toBe(1)
    expect(new Set(keys.map(({ key }) => key.join())).size).toBe(8)
    const scene = new DedupScene()
    for (const [index, key] of keys.slice(0, 4).entries()) expect(scene.send(key, 0, WINDOW_MS)).toBe(index + 1)
    scene.commit(0)
    scene.commitOf(keys.slice(4, 6), WINDOW_MS / 2, WINDOW_MS)
    expect(scene.rows.size).toBe(2)
    for (let round = 0; round < 2; round++) {
      expect(keys.map((key) => scene.window.find(key, WINDOW_MS / 2))).toEqual([1, 2, 3, 4, 5, 6, null, null])
      expect(keys.map((key) => scene.window.find(key, WINDOW_MS))).toEqual([null, null, null, null, 5, 6, null, null])
      scene.reload()
    }
  })
})

describe("the end of an id", () => {
  it("[Q31] comes to the millisecond, with the window that the id was sent with", () => {
    const scene = new DedupScene()
    // many windows side by side in few rows
    const sent = Array.from({ length: 500 }, (_, index) => ({ key: keyOf(`id-${index}`), at: index * 7 }))
    const windowMs = (index: number) => [WINDOW_MS, WINDOW_MS - 50 * index, 10 * WINDOW_MS][index % 3]!
    for (const [index, { key, at }] of sent.entries()) scene.commitOf([key], at, windowMs(index))
    for (let round = 0; round < 2; round++) {
      for (const [index, { key, at }] of sent.entries()) {
        const expiresAt = at + windowMs(index)
        expect(scene.window.find(key, expiresAt - 1)).toBe(index + 1)
        expect(scene.window.find(key, expiresAt)).toBeNull()
      }
      scene.reload()
    }
  })

  it("[Q31] frees it for another message, which then holds it", () => {
    const scene = new DedupScene()
    scene.commitOf([KEY], 0, 100)
    expect(scene.send(KEY, 100, 100)).toBe(2)
    scene.commit(100)
    expect(scene.send(KEY, 199, 100)).toBe(2)
    expect(scene.send(KEY, 200, 100)).toBe(3)
  })

  it("[Q31] frees it in the row and the commit that hold its old use, too", () => {
    const scene = new DedupScene()
    scene.window.add(KEY, 1, 50)
    scene.window.add(KEY, 2, 90)
    const held = () => [40, 49, 50, 89, 90].map((now) => scene.window.find(KEY, now))
    expect(held()).toEqual([2, 2, 2, 2, null])
    scene.commit(0)
    expect(scene.rows.size).toBe(1)
    expect(held()).toEqual([2, 2, 2, 2, null])
  })

  it("[Q31] frees it again where the newest use was the shortest", () => {
    // of a hash in the last of 16 slots, so that the index of the row holds its entries in another order
    const key = Array.from({ length: 1000 }, (_, index) => keyOf(`${index}`)).find(({ hash }) => hash % 16 === 15)!
    const scene = new DedupScene()
    for (let id = 1; id <= 12; id++) scene.window.add(key, id, 1000)
    scene.window.add(key, 13, 10)
    scene.commit(0)
    expect([9, 10, 999, 1000].map((now) => scene.window.find(key, now))).toEqual([13, 12, 12, null])
  })

  it("[Q31] lets the newest use count where the clock went back before the end of an older one", () => {
    const scene = new DedupScene()
    scene.send(keyOf("other"), 0, 5000)
    scene.commitOf([KEY], 0, 1000)
    expect(scene.send(KEY, 1000, 1000)).toBe(3)
    scene.commit(1000)
    expect(scene.rows.size).toBe(2)
    expect(scene.window.find(KEY, 500)).toBe(3)
  })

  it("[Q31] is for good where the clock goes back behind it", () => {
    const scene = new DedupScene()
    scene.commitOf([KEY], 0, 1000)
    scene.commitOf([keyOf("later")], 900, 1000)
    scene.commit(1000)
    expect(scene.window.find(KEY, 10)).toBeNull()
    expect(scene.reads).toEqual([])
    scene.commit(1900)
    // not into the row that was deleted, close as it is
    expect(scene.commitOf([KEY], 910, 1000).written.map(({ no }) => no)).toEqual([3])
    expect(scene.window.find(KEY, 1909)).toBe(3)
    scene.reload()
    expect(scene.window.find(KEY, 1909)).toBe(3)
  })

  it("[Q31] survives a clock that goes back", () => {
    const scene = new DedupScene()
    scene.commitOf([KEY], 100_000, WINDOW_MS)
    for (const now of [0, 99_999, 100_000 + WINDOW_MS - 1]) expect(scene.send(KEY, now, WINDOW_MS)).toBe(1)
    for (let commit = 0; commit < 50; commit++) scene.commitOf(keysOf(commit, 5), 99_000 - 100 * commit, WINDOW_MS)
    for (let commit = 0; commit < 50; commit++) {
      const at = 99_000 - 100 * commit
      for (const key of keysOf(commit, 5)) {
        expect(scene.window.find(key, at + WINDOW_MS - 1)).not.toBeNull()
        expect(scene.window.find(key, at + WINDOW_MS)).toBeNull()
      }
    }
    scene.commit(200_000 + WINDOW_MS)
    expect(scene.rows.size).toBe(0)
    expect(scene.window.nextSweepAt).toBeNull()
  })
})

describe("the most ids", () => {
  const PER_ROW = 100_000
  const ROWS = MAX_DEDUP_IDS / PER_ROW

  it("[Q33] include those that a row grew by", () => {
    const names = Array.from({ length: PER_ROW }, (_, index) => index.toString(36))
    const window = new DedupWindow({ read: () => null })
    const full = rowOf(names, 1000)
    for (let no = 1; no < ROWS; no++) window.restore({ no, expiresAt: 1000, ids: full })
    window.restore({ no: ROWS, expiresAt: 1000, ids: rowOf(names.slice(10), 1000) })
    for (const part of [names.slice(0, 5), names.slice(5, 10)]) {
      for (const name of part) window.add(keyOf(name), 0, 1000)
      expect(window.takeChanges(0).written.map(({ no }) => no)).toEqual([ROWS + 1])
    }
    expect(window.hasRoomFor(0, 0)).toBe(true)
    expect(window.hasRoomFor(1, 0)).toBe(false)
  })

  it("[Q33] are those that have not expired, added ones included", () => {
    const names = Array.from({ length: PER_ROW }, (_, index) => index.toString(36))
    const ids = rowOf(names, 1000)
    const window = new DedupWindow({ read: () => ids })
    for (let no = 1; no < ROWS; no++) window.restore({ no, expiresAt: 1000 + no, ids })
    expect(window.hasRoomFor(PER_ROW, 0)).toBe(true)
    expect(window.hasRoomFor(PER_ROW + 1, 0)).toBe(false)
    for (const [index, name] of names.entries()) window.add(keyOf(`more-${name}`), index, 3000)
    expect(window.hasRoomFor(0, 0)).toBe(true)
    expect(window.hasRoomFor(1, 0)).toBe(false)
    expect(window.takeChanges(0).removed).toEqual([])
    expect(window.hasRoomFor(1, 1000)).toBe(false)
    expect(window.find(keyOf("z"), 999)).toBe(35)
    expect(window.hasRoomFor(PER_ROW, 1001)).toBe(true)
    expect(window.hasRoomFor(PER_ROW + 1, 1001)).toBe(false)
    expect(window.takeChanges(1001).removed).toEqual([1])
    expect(window.hasRoomFor(MAX_DEDUP_IDS, 3000)).toBe(true)
    expect(window.hasRoomFor(MAX_DEDUP_IDS + 1, 3000)).toBe(false)
  })
})

describe("a restart", () => {
  it("[Q34] forgets no id and goes on with the numbers", () => {
    const scene = new DedupScene()
    for (let commit = 0; commit < 40; commit++) {
      scene.commitOf(keysOf(commit, 30), commit * 1000, WINDOW_MS)
      scene.reload()
    }
    expect([...scene.rows.keys()]).toEqual(Array.from({ length: scene.rows.size }, (_, index) => index + 1))
    expect(scene.rows.size).toBeLessThan(20)
    for (let commit = 0; commit < 40; commit++) {
      const found = keysOf(commit, 30).map((key) => scene.window.find(key, 40_000))
      expect(found).toEqual(found.map((_, index) => commit * 30 + index + 1))
    }
  })

  it("[Q34] finds a damaged row to hold nothing, and to go like any other", () => {
    const good = rowOf(["a", "b"], 1000)
    const scene = new DedupScene()
    const damaged = [Uint8Array.of(), Uint8Array.of(9, ...good.subarray(1)), good.subarray(0, -1)]
    for (const [index, ids] of damaged.entries()) scene.rows.set(index + 2, { no: index + 2, expiresAt: 1000, ids })
    scene.rows.set(1, { no: 1, expiresAt: 1000, ids: good })
    scene.reload()
    expect(scene.window.find(keyOf("a"), 0)).toBe(0)
    expect(scene.commitOf([keyOf("c")], 0, 1000).written.map(({ no }) => no)).toEqual([5])
    for (const ids of damaged) {
      scene.rows.set(1, { no: 1, expiresAt: 1000, ids })
      scene.commit(0)
      expect(scene.window.find(keyOf("b"), 0)).toBeNull()
    }
    scene.rows.delete(1)
    scene.commit(0)
    expect(scene.window.find(keyOf("b"), 0)).toBeNull()
    expect(scene.window.find(keyOf("c"), 0)).toBe(1)
    scene.rows.set(1, { no: 1, expiresAt: 1000, ids: good })
    scene.commit(1000)
    expect(scene.rows.size).toBe(0)
  })
})
