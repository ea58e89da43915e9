import { beforeEach, describe, expect, it } from "vitest"
import { PRODUCER_IDLE_MS } from "../../src/core/limits.ts"
import type { Framed, FromObject, ToObject } from "../../src/protocol/internal/frames.ts"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { batchOf } from "./support.ts"

beforeEach(stopClock)

/** A publish of a producer, as a session sends it. */
function publish(ref: number, sequence: number, texts: readonly string[], producerId = 3, epoch = 0): Framed<ToObject> {
  const terms = { producer: { producerId, epoch, sequence }, expectedOffset: null }
  return { operation: { type: "publish", refs: [ref], counts: [texts.length], terms }, blob: batchOf(texts) }
}

async function confirmsOf(socket: ObjectSocket) {
  const { operation } = await socket.take("confirm")
  return (operation as Extract<FromObject, { type: "confirm" }>).confirms
}

describe("producers of a queue", () => {
  it("[W52] [W58] [Q53] are known after every eviction: repeats, gaps and those who were replaced", async () => {
    const queue = await QueueScene.open()
    const socket = await ObjectSocket.open(queue)
    const say = async (...frame: Parameters<typeof publish>) => {
      await queue.evict()
      socket.sendTogether([publish(...frame)])
    }
    await say(1, 0, ["a", "b"])
    expect(await confirmsOf(socket)).toEqual([{ ref: 1, results: [1, 2], repeatedCount: 0 }])
    await say(2, 0, ["a", "b", "c"])
    expect(await confirmsOf(socket)).toEqual([{ ref: 2, results: [1, 2, 3], repeatedCount: 2 }])
    await say(3, 4, ["e"])
    const gap = { code: "sequence_gap", expectedSequence: 3 }
    expect((await socket.take("failed")).operation).toMatchObject({ refs: [3], failure: gap })
    await say(4, 0, ["d"], 3, 1)
    expect(await confirmsOf(socket)).toEqual([{ ref: 4, results: [4], repeatedCount: 0 }])
    await say(5, 3, ["late"])
    expect((await socket.take("failed")).operation).toMatchObject({ refs: [5], failure: { code: "fenced", epoch: 1 } })
    expect(bodies(await queue.receive())).toEqual(["a", "b", "c", "d"])
  })

  it("[W52] [Q56] publish in a burst: one commit, one row of the log and one of each producer", async () => {
    const queue = await QueueScene.open()
    const socket = await ObjectSocket.open(queue)
    const text = "x".repeat(100)
    const frames = Array.from({ length: 100 }, (_, index) => {
      return publish(index, Math.floor(index / 2), [text], 3 + (index % 2))
    })
    const before = await queue.cost()
    socket.sendTogether(frames)
    const confirms = await confirmsOf(socket)
    expect(confirms).toHaveLength(100)
    expect(confirms.map(({ results }) => results)).toEqual(frames.map((_, index) => [1 + index]))
    const after = await queue.cost()
    expect(after.commits - before.commits).toBe(1)
    expect([await queue.rowsIn("log"), await queue.rowsIn("producer")]).toEqual([1, 2])
    // and the alarm that will forget them
    expect(after.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(4)
  })

  it("[W52] [Q54] spoil no publish beside theirs where one is refused in part", async () => {
    const queue = await QueueScene.open({ maxMessages: 3 })
    const socket = await ObjectSocket.open(queue)
    socket.sendTogether([publish(1, 0, ["a", "b"]), publish(2, 2, ["c", "d"]), publish(3, 4, ["e"])])
    const full = { code: "queue_full" }
    expect(await confirmsOf(socket)).toMatchObject([
      { ref: 1, results: [1, 2] },
      { ref: 2, results: [3, full] },
    ])
    const gap = { code: "sequence_gap", expectedSequence: 3 }
    expect((await socket.take("failed")).operation).toMatchObject({ refs: [3], failure: gap })
  })

  it("[Q56] are forgotten by the alarm, and with the queue's life", async () => {
    const queue = await QueueScene.open()
    const socket = await ObjectSocket.open(queue)
    socket.sendTogether([publish(1, 0, ["a"], 3, 4)])
    await confirmsOf(socket)
    await queue.ack(...(await queue.receive()))
    await queue.evict()
    pass(PRODUCER_IDLE_MS)
    await queue.runDueAlarms()
    expect(await queue.rowsIn("producer")).toBe(0)
    socket.sendTogether([publish(2, 0, ["b"])])
    expect(await confirmsOf(socket)).toMatchObject([{ results: [2] }])
    await queue.stub.destroy(queue.version)
    const next = { incarnation: queue.version + 1, version: queue.version, settings: {} as never }
    await queue.stub.init(next)
    const again = await ObjectSocket.open(queue)
    again.sendTogether([publish(1, 0, ["c"])])
    expect(await confirmsOf(again)).toMatchObject([{ results: [1], repeatedCount: 0 }])
  })
})
