import { describe, expect, it } from "vitest"
import { MAX_STORED_BYTES, PRODUCER_IDLE_MS } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Outgoing } from "./scene-messages.ts"

function by(sequence: number, epoch = 0, producerId = 7) {
  return { producerId, epoch, sequence }
}

function bodies(...texts: readonly (string | Outgoing)[]): Outgoing[] {
  return texts.map((text) => (typeof text === "string" ? { body: text } : text))
}

/** Sends as a producer; ids are numbers, refusals their codes. */
function publish(scene: QueueScene, producer: ReturnType<typeof by>, messages: readonly Outgoing[], now = NOW) {
  const result = scene.sendBy(producer, messages, now)
  if (!result.ok) return result.error
  const { results, repeatedCount } = result.value
  return [results.map((one) => (typeof one === "object" ? (one?.code ?? null) : one)), repeatedCount]
}

/** All that is delivered, in order. */
function delivered(scene: QueueScene, now = NOW): readonly string[] {
  return scene.receive({ maxMessages: 1000 }, now).map(({ body }) => body)
}

describe("a producer of a queue", () => {
  it("[Q53] [W52] has each message stored once: a repeat gets the ids of the first time, through restarts", () => {
    const scene = QueueScene.create()
    expect(publish(scene, by(0), bodies("a", "b"))).toEqual([[1, 2], 0])
    scene.sent(bodies("other"), NOW)
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.reload()
      expect(publish(scene, by(0), bodies("a", "b"))).toEqual([[1, 2], 2])
      expect(publish(scene, by(1), bodies("b"))).toEqual([[2], 1])
    }
    expect(publish(scene, by(1), bodies("b", "c", "d"))).toEqual([[2, 4, 5], 1])
    // ids of both publishes are known
    expect(publish(scene, by(0), bodies("a", "b", "c", "d", "e"))).toEqual([[1, 2, 4, 5, 6], 4])
    expect(scene.statistics(NOW)).toMatchObject({ sent: 6, deduplicated: 0 })
    expect(delivered(scene)).toEqual(["a", "b", "other", "c", "d", "e"])
  })

  it("[Q53] is recognised within one commit, and lost with it", () => {
    const scene = QueueScene.create()
    const twice = () => [0, 0].map((sequence) => publish(scene, by(sequence), bodies("a", "b")))
    scene.crash(NOW, () => void twice())
    const replies = scene.together(NOW, twice)
    expect(replies).toEqual([
      [[1, 2], 0],
      [[1, 2], 2],
    ])
    expect(delivered(scene)).toEqual(["a", "b"])
  })

  it("[Q53] is known whatever became of its messages and of the queue's settings", () => {
    const scene = QueueScene.create()
    publish(scene, by(0), bodies("a", { body: "b", delayMs: 5_000 }))
    for (const message of scene.receive({}, NOW)) scene.ack(message, NOW)
    expect(scene.queue.state.liveMessages).toBe(0)
    scene.configure({ maxMessages: 1, sendingPaused: true })
    scene.reload()
    expect(publish(scene, by(0), bodies("a", { body: "b", delayMs: 5_000 }))).toEqual([[1, 2], 2])
    expect(scene.statistics(NOW)).toMatchObject({ scheduled: 1, ready: 0, sent: 2 })
  })

  it("[Q53] [W52] gets no id for what is older than the last five publishes", () => {
    const scene = QueueScene.create()
    for (let sequence = 0; sequence < 12; sequence += 2) publish(scene, by(sequence), bodies("x", "y"))
    scene.reload()
    expect(publish(scene, by(0), bodies("x", "y", "x"))).toEqual([[null, null, 3], 3])
  })

  it("[W52] leaves no gap, and does not come back under an older epoch", () => {
    const scene = QueueScene.create()
    publish(scene, by(0), bodies("a", "b"))
    const gap = { code: "sequence_gap", expectedSequence: 2 }
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.reload()
      expect(publish(scene, by(3), bodies("d"))).toEqual(gap)
    }
    expect(publish(scene, by(1, 1), bodies("c"))).toEqual({ code: "sequence_gap", expectedSequence: 0 })
    expect(publish(scene, by(0, 1), bodies("c"))).toEqual([[3], 0])
    scene.reload()
    expect(publish(scene, by(0), bodies("a", "b"))).toEqual({ code: "fenced", epoch: 1 })
    expect(publish(scene, by(2), bodies("late"))).toEqual({ code: "fenced", epoch: 1 })
    expect(delivered(scene)).toEqual(["a", "b", "c"])
  })

  it("[Q56] is forgotten after seven idle days, by the alarm", () => {
    const scene = QueueScene.create()
    publish(scene, by(0, 2), bodies("a"))
    for (const message of scene.receive({}, NOW)) scene.ack(message, NOW)
    scene.alarmsUntil(NOW + PRODUCER_IDLE_MS - 1)
    expect(scene.rowsIn("producer")).toBe(1)
    scene.reload()
    expect(scene.queue.nextDeadlineAt).toBe(NOW + PRODUCER_IDLE_MS)
    scene.alarmsUntil(NOW + PRODUCER_IDLE_MS)
    expect(scene.rowsIn("producer")).toBe(0)
    expect(scene.queue.nextDeadlineAt).toBeNull()
    const gap = { code: "sequence_gap", expectedSequence: 0 }
    expect(publish(scene, by(1, 2), bodies("b"), NOW + PRODUCER_IDLE_MS)).toEqual(gap)
    expect(publish(scene, by(0), bodies("b"), NOW + PRODUCER_IDLE_MS)).toEqual([[2], 0])
  })

  it("[Q56] costs one row for each producer of a commit, and none where there is none", () => {
    const scene = QueueScene.create()
    const rowsOf = (body: () => void): number => {
      const before = scene.rowsWritten
      scene.together(NOW, body)
      return scene.rowsWritten - before
    }
    // rows that begin: the log's
    const bare = rowsOf(() => void scene.send(bodies("a"), NOW))
    const padding = "x".repeat(5_000)
    scene.sent(bodies(padding), NOW)
    const produced = rowsOf(() => {
      for (let sequence = 0; sequence < 20; sequence++) {
        for (const producerId of [7, 8]) publish(scene, by(sequence, 0, producerId), bodies("x"))
      }
    })
    expect(produced - bare).toBe(2)
    expect(rowsOf(() => void publish(scene, by(0), bodies("x")))).toBe(0)
  })
})

describe("a publish that is refused in part", () => {
  it("[Q54] [W52] is stored up to there, and the next one goes on with what was refused", () => {
    const scene = QueueScene.create({ maxMessages: 2 })
    expect(publish(scene, by(0), bodies("a", "b", "c", "d"))).toEqual([[1, 2, "queue_full", "queue_full"], 0])
    expect(publish(scene, by(4), bodies("e"))).toEqual({ code: "sequence_gap", expectedSequence: 2 })
    scene.reload()
    expect(publish(scene, by(0), bodies("a", "b", "c", "d"))).toEqual([[1, 2, "queue_full", "queue_full"], 2])
    scene.configure({ maxMessages: null })
    expect(publish(scene, by(0), bodies("a", "b", "c", "d"))).toEqual([[1, 2, 3, 4], 2])
    expect(delivered(scene)).toEqual(["a", "b", "c", "d"])
  })

  it("[Q54] uses up no sequence where nothing is stored, also of a producer that is not known", () => {
    const scene = QueueScene.create({ maxMessages: 1 })
    scene.sent(bodies("other"), NOW)
    expect(publish(scene, by(0), bodies("a"))).toEqual([["queue_full"], 0])
    scene.configure({ maxMessages: null })
    scene.reload()
    // what was sent behind it must not take its place
    expect(publish(scene, by(1), bodies("b"))).toEqual({ code: "sequence_gap", expectedSequence: 0 })
    expect(publish(scene, by(0), bodies("a"))).toEqual([[2], 0])
    expect(publish(scene, by(1), bodies("b"))).toEqual([[3], 0])
  })

  it("[Q54] [W52] is not told from one that never came: what was sent behind it is not taken for the beginning", () => {
    const scene = QueueScene.create()
    const gap = { code: "sequence_gap", expectedSequence: 0 }
    expect(publish(scene, by(1), bodies("b"))).toEqual(gap)
    // more than a message that is numbered so high can have behind it
    expect(publish(scene, by(Number.MAX_SAFE_INTEGER), bodies("x", "y"))).toEqual(gap)
    expect(scene.rowsIn("producer")).toBe(0)
    expect(publish(scene, by(0), bodies("a"))).toEqual([[1], 0])
    expect(publish(scene, by(1), bodies("b"))).toEqual([[2], 0])
    expect(delivered(scene)).toEqual(["a", "b"])
  })

  it("[Q54] [Q45] [Q51] is refused as a whole where the queue takes nothing, unless a part is stored", () => {
    const scene = QueueScene.create()
    publish(scene, by(0), bodies("a"))
    scene.configure({ sendingPaused: true })
    expect(publish(scene, by(1), bodies("b"))).toEqual({ code: "queue_paused" })
    expect(publish(scene, by(0), bodies("a", "b"))).toEqual([[1, "queue_paused"], 1])
    scene.configure({ sendingPaused: false })
    const full = MAX_STORED_BYTES - scene.queue.state.bytes
    scene.queue.state.counters.liveBytes += full
    expect(publish(scene, by(1), bodies("b"))).toEqual({ code: "storage_full" })
    expect(publish(scene, by(0), bodies("a", "b"))).toEqual([[1, "storage_full"], 1])
    // what is stored already takes no room
    expect(publish(scene, by(0), bodies("a"))).toEqual([[1], 1])
    scene.queue.state.counters.liveBytes -= full
    expect(publish(scene, by(1), bodies("b"))).toEqual([[2], 0])
  })

  it("[Q55] has no repeat of a deduplication id behind the refused one, unlike a send", () => {
    const scene = QueueScene.create({ maxMessages: 1 })
    scene.sent(bodies({ body: "1", dedupId: "x" }), NOW)
    const messages = bodies({ body: "2", dedupId: "y" }, { body: "1", dedupId: "x" })
    expect(publish(scene, by(0), messages)).toEqual([["queue_full", "queue_full"], 0])
    expect(publish(scene, by(0), messages.toReversed())).toEqual([[1, "queue_full"], 0])
    expect(publish(scene, by(2), bodies("z"))).toEqual({ code: "sequence_gap", expectedSequence: 1 })
    expect(scene.statistics(NOW)).toMatchObject({ sent: 1, deduplicated: 1 })
  })

  it("[Q55] [W52] whose ids are no neighbours has them from its deduplication ids, or none", () => {
    const scene = QueueScene.create()
    scene.sent(bodies({ body: "1", dedupId: "x" }), NOW)
    const messages = bodies("a", { body: "1", dedupId: "x" }, { body: "b", dedupId: "y" })
    expect(publish(scene, by(0), messages)).toEqual([[2, 1, 3], 0])
    scene.reload()
    expect(publish(scene, by(0), messages)).toEqual([[null, 1, 3], 3])
    expect(scene.statistics(NOW)).toMatchObject({ sent: 3, deduplicated: 1 })
  })
})
