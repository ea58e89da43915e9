import { beforeEach, describe, expect, it } from "vitest"
import { MAX_DEPARTURES_PER_COMMIT } from "../../src/core/limits.ts"
import { bodies, headersOf, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { batchOf, many } from "./support.ts"

beforeEach(stopClock)

describe("overflow reject", () => {
  it("[Q41] takes the entries that fit and none behind, and counts what waits and is in flight", async () => {
    const queue = await QueueScene.open({ maxMessages: 4 })
    await queue.send("a", { body: "scheduled", delayMs: 3_600_000 })
    const [held] = await queue.receive(1)
    await queue.evict()
    const sent = await queue.offer("b", "c", "d", "e")
    expect(sent).toEqual([expect.any(Number), expect.any(Number), "queue_full", "queue_full"])
    await queue.evict()
    expect(await queue.offer("f")).toEqual(["queue_full"])
    expect(await queue.statistics()).toMatchObject({ ready: 2, inFlight: 1, scheduled: 1, sent: 4, dropped: 0 })
    await queue.ack(held!)
    await queue.evict()
    expect(await queue.offer("g", "h")).toEqual([expect.any(Number), "queue_full"])
    expect(bodies(await queue.receive())).toEqual(["b", "c", "g"])
  })

  it("[Q41] [Q43] counts bytes exactly, after any history", async () => {
    const queue = await QueueScene.open()
    await queue.send("x".repeat(100))
    const { bytes } = await queue.statistics()
    await queue.configure({ maxBytes: 3 * bytes })
    await queue.send({ body: "y".repeat(100), delayMs: 3_600_000 })
    await queue.evict()
    expect(await queue.offer("z".repeat(101))).toEqual(["queue_full"])
    expect(await queue.offer("z".repeat(100))).toEqual([expect.any(Number)])
    expect(await queue.statistics()).toMatchObject({ bytes: 3 * bytes })
    await queue.ack(...(await queue.receive()))
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ bytes })
    pass(3_600_000)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ bytes, ready: 1, scheduled: 0 })
    await queue.ack(...(await queue.receive()))
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ bytes: 0 })
  })
})

describe("a batch of which an entry does not fit", () => {
  it("[Q41] takes nothing behind it, even what would fit", async () => {
    const queue = await QueueScene.open({ maxBytes: 500 })
    const sent = await queue.offer("a", "x".repeat(500), "b")
    expect(sent).toEqual([expect.any(Number), "queue_full", "queue_full"])
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["a"])
  })
})

describe("overflow drop-oldest", () => {
  it("[Q42] lets the oldest go that is not in flight, through eviction", async () => {
    const queue = await QueueScene.open({ maxMessages: 3, overflow: "drop-oldest" })
    await queue.send("a", "b", "c")
    const [held] = await queue.receive(1)
    await queue.evict()
    await queue.send("d")
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 2, inFlight: 1, dropped: 1, sent: 4 })
    expect(bodies([held!])).toEqual(["a"])
    const rest = await queue.receive()
    expect(bodies(rest)).toEqual(["c", "d"])
    await queue.evict()
    // everything is in flight now
    expect(await queue.offer("e")).toEqual(["queue_full"])
    expect(await queue.ack(held!, ...rest)).toEqual([null, null, null])
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, bytes: 0, dropped: 1 })
  })

  it("[Q42] lets nothing go for a message that would not fit an empty queue", async () => {
    const queue = await QueueScene.open({ maxBytes: 500, overflow: "drop-oldest" })
    await queue.send("a", "b")
    expect(await queue.offer("x".repeat(500))).toEqual(["queue_full"])
    expect(bodies(await queue.receive())).toEqual(["a", "b"])
  })

  it("[Q42] keeps the order of a group whose oldest messages it lets go", async () => {
    const queue = await QueueScene.open({ ordering: "fifo", maxMessages: 5, overflow: "drop-oldest" })
    await queue.send(...many(5, "a", { group: "a" }))
    const [first] = await queue.receive(1)
    await queue.send(...many(2, "b", { group: "b" }))
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["b0", "b1"])
    await queue.ack(first!)
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["a3", "a4"])
  })
})

describe("overflow dead-letter", () => {
  it("[Q42] moves the oldest on, at most so many a commit", async () => {
    const dead = await QueueScene.open()
    const room = MAX_DEPARTURES_PER_COMMIT + 10
    const queue = await QueueScene.open({ maxMessages: room, overflow: "dead-letter", deadLetterQueue: dead.name })
    await queue.send(...many(room, "old"))
    await queue.evict()
    const sent = await queue.offer(...many(room, "new"))
    expect(sent.filter((result) => result === "queue_full")).toHaveLength(10)
    expect(sent.indexOf("queue_full")).toBe(MAX_DEPARTURES_PER_COMMIT)
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: room, deadLettered: MAX_DEPARTURES_PER_COMMIT, dropped: 0 })
    await expect.poll(async () => (await dead.statistics()).ready, { timeout: 10_000 }).toBe(MAX_DEPARTURES_PER_COMMIT)
    const letters = await dead.receive(room)
    expect(bodies(letters)).toEqual(many(MAX_DEPARTURES_PER_COMMIT, "old").map(({ body }) => body))
    expect(headersOf(letters[0]!)).toMatchObject({ "millrace-dead-letter-reason": "overflow" })
    expect(bodies(await queue.receive(1))).toEqual([`old${MAX_DEPARTURES_PER_COMMIT}`])
  })
})

describe("limits that change or do not count", () => {
  it("[Q49] a limit that was lowered is reached with the next sends", async () => {
    const queue = await QueueScene.open({ overflow: "drop-oldest" })
    await queue.send(...many(100, "m"))
    await queue.configure({ maxMessages: 10 })
    await queue.evict()
    expect(await queue.offer("last")).toEqual([expect.any(Number)])
    expect(await queue.statistics()).toMatchObject({ ready: 10, dropped: 91 })
    await queue.evict()
    expect(bodies(await queue.receive(100)).at(-1)).toBe("last")
  })

  it("[Q44] moves are taken whatever the limits and pauses", async () => {
    const queue = await QueueScene.open({ maxMessages: 1, maxBytes: 100, sendingPaused: true, deliveryPaused: true })
    const move = { source: "default/other/0", sourceIncarnation: 1, submissions: batchOf(["a", "b", "c"]) }
    expect(await queue.stub.accept({ ...move, seqs: [1, 2, 3] })).toEqual({ ok: true, value: 3 })
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 3 })
  })
})
