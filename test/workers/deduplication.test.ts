import { abortAllDurableObjects } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { bodies, pass, QueueScene, reject, stopClock } from "./queue-scene.ts"
import { entriesOf, many, type Entry } from "./support.ts"

const WINDOW_MS = 300_000

beforeEach(stopClock)

const withId = (body: string, dedupId: string, terms: Omit<Entry, "body"> = {}): Entry => ({ body, dedupId, ...terms })

describe("deduplication", () => {
  it("[Q30] [Q34] answers a repeat with the first id after an eviction or a crash, and stores nothing", async () => {
    const queue = await QueueScene.open()
    const ids = await queue.send(withId("a", "1"), withId("b", "2"))
    await queue.evict()
    expect(await queue.send(withId("again", "2"), withId("c", "3"), withId("again", "1"))).toEqual([
      ids[1],
      expect.any(Number),
      ids[0],
    ])
    await abortAllDurableObjects()
    expect(await queue.send(withId("again", "1"), withId("again", "2"))).toEqual(ids)
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 3, sent: 3, deduplicated: 4 })
    expect(bodies(await queue.receive())).toEqual(["a", "b", "c"])
  })

  it("[Q30] recognises a repeat within one batch", async () => {
    const queue = await QueueScene.open()
    const [first, second, third] = await queue.send(withId("a", "1"), withId("b", "1"), withId("c", "2"))
    expect(second).toBe(first)
    expect(third).not.toBe(first)
    expect(bodies(await queue.receive())).toEqual(["a", "c"])
  })

  it("[Q31] remembers to the millisecond, whatever became of the message", async () => {
    const queue = await QueueScene.open({ dedupWindowMs: WINDOW_MS })
    const ids = await queue.send(
      withId("acknowledged", "1"),
      withId("rejected", "2"),
      withId("deleted", "3"),
      withId("expired", "4", { ttlMs: 1_000 }),
      withId("scheduled", "5", { delayMs: 2 * WINDOW_MS }),
      withId("cancelled", "6", { delayMs: 2 * WINDOW_MS }),
    )
    const repeats = ["1", "2", "3", "4", "5", "6"].map((id) => withId("again", id))
    const [first, second] = await queue.receive(2)
    await queue.ack(first!)
    await queue.settle(reject(second!))
    for (const at of [2, 5]) expect(await queue.remove(ids[at]!)).toBeNull()
    pass(WINDOW_MS - 1)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ expired: 1, removed: 2, scheduled: 1, ready: 0 })
    await queue.evict()
    expect(await queue.send(...repeats)).toEqual(ids)
    pass(1)
    await queue.evict()
    const anew = await queue.send(...repeats)
    expect(anew.every((id) => id > ids[5]!)).toBe(true)
    expect(new Set(anew).size).toBe(6)
  })

  it("[Q31] remembers for the window that was set at the send", async () => {
    const queue = await QueueScene.open({ dedupWindowMs: WINDOW_MS })
    const [long] = await queue.send(withId("a", "long"))
    await queue.configure({ dedupWindowMs: 1_000 })
    const [short] = await queue.send(withId("b", "short"))
    await queue.configure({ dedupWindowMs: 0 })
    const [none, again] = await queue.send(withId("c", "none"), withId("d", "none"))
    expect(again).not.toBe(none)
    await queue.evict()
    pass(999)
    expect(await queue.send(withId("e", "short"), withId("f", "long"))).toEqual([short, long])
    pass(1)
    await queue.evict()
    const [later, still] = await queue.send(withId("g", "short"), withId("h", "long"))
    expect(later).not.toBe(short)
    expect(still).toBe(long)
  })

  it("[Q32] costs a row a commit, whose end is swept by the alarm", async () => {
    const queue = await QueueScene.open({ dedupWindowMs: WINDOW_MS })
    await queue.send("a")
    const before = await queue.cost()
    await queue.send(...Array.from({ length: 500 }, (_, index) => withId(`${index}`, `id-${index}`)))
    // the log row, the row of ids, and the alarm
    expect((await queue.cost()).rowsWritten - before.rowsWritten).toBeLessThanOrEqual(4)
    await queue.send(...Array.from({ length: 500 }, (_, index) => withId(`${index}`, `other-${index}`)))
    await queue.evict()
    expect(await queue.rowsIn("dedup")).toBeGreaterThan(0)
    pass(WINDOW_MS)
    await queue.runDueAlarms()
    expect(await queue.rowsIn("dedup")).toBe(0)
    expect(await queue.statistics()).toMatchObject({ ready: 1_001, deduplicated: 0 })
  })

  it("[Q35] takes moves whatever is remembered, and remembers nothing of them", async () => {
    const queue = await QueueScene.open()
    const [first] = await queue.send(withId("sent", "1"))
    const move = { source: "default/other/0", sourceIncarnation: 1 }
    const submissions = entriesOf([withId("moved", "1"), withId("moved too", "2")])
    expect(await queue.stub.accept({ ...move, submissions, seqs: [1, 2] })).toEqual({ ok: true, value: 2 })
    await queue.evict()
    const [repeat, fresh] = await queue.send(withId("repeat", "1"), withId("fresh", "2"))
    expect(repeat).toBe(first)
    expect(fresh).not.toBe(first)
    expect(bodies(await queue.receive())).toEqual(["sent", "moved", "moved too", "fresh"])
  })

  it("[Q35] keeps the ids of message groups apart where the scope says so", async () => {
    const queue = await QueueScene.open({ ordering: "fifo", dedupScope: "group" })
    const ofGroup = (group: string): Entry => withId(group, "1", { group, dedupScope: "group" })
    const ids = await queue.send(ofGroup("a"), ofGroup("b"))
    expect(ids[0]).not.toBe(ids[1])
    await queue.evict()
    expect(await queue.send(ofGroup("a"), ofGroup("b"))).toEqual(ids)
    expect(bodies(await queue.receive())).toEqual(["a", "b"])
  })

  it("[Q48] costs nothing where no message has an id", async () => {
    const queue = await QueueScene.open()
    await queue.send(...many(100, "m"))
    expect(await queue.rowsIn("dedup")).toBe(0)
  })
})
