import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { partitionOfKey } from "../../src/core/bytes/murmur2.ts"
import { MAX_DEPARTURES_PER_COMMIT } from "../../src/core/limits.ts"
import { readRecords } from "../../src/core/log/read.ts"
import { bodies, headersOf, QueueScene } from "./queue-scene.ts"
import { ShareObjectScene } from "./share-scene.ts"
import { valueOf } from "./support.ts"

const PATIENCE = { timeout: 25_000, interval: 50 }

/** What a reader of a partition finds. */
async function recordsOf(scene: ShareObjectScene, partition = 0): Promise<string[]> {
  const read = await scene
    .partition(partition)
    .read(scene.version, { offset: 0, maxRecords: 10_000, maxBytes: 4_000_000 })
  if (!read.ok) throw new Error(read.error.code)
  return readRecords(read.value.rows, 0, 10_000).records.map(({ record }) => valueOf(record))
}

const homeOf = (key: string, partitions: number) => partitionOfKey(new TextEncoder().encode(key), partitions)
const range = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`)

describe("dead letters of a share group", () => {
  it("[P14] [P15] arrive at a queue once, with their headers, also when the object dies in between", async () => {
    const dead = await QueueScene.open({ maxMessages: 1, sendingPaused: true })
    const scene = await ShareObjectScene.open()
    await scene.append("fine", "poison")
    await scene.share("g", { deadLetter: { kind: "queue", queue: dead.name } })
    const [fine, poison] = await scene.receive("g")
    await scene.ack("g", fine!)
    await scene.reject("g", poison!)
    await scene.evict()
    await expect.poll(async () => (await dead.statistics()).ready, PATIENCE).toBe(1)
    await expect.poll(() => scene.rowsIn("outbox"), PATIENCE).toBe(0)
    const [letter] = await dead.receive()
    expect(bodies([letter!])).toEqual(["poison"])
    expect(headersOf(letter!)).toMatchObject({
      "millrace-dead-letter-source": scene.topic,
      "millrace-dead-letter-id": "0/1",
      "millrace-dead-letter-offset": "1",
      "millrace-dead-letter-reason": "rejected",
      "millrace-dead-letter-delivery-count": "1",
      "millrace-dead-letter-error": "no such flight",
      "millrace-dead-letter-moves": "1",
    })
    expect(await scene.statistics("g")).toMatchObject({ accepted: 1, deadLettered: 1, dropped: 0, startOffset: 2 })
  })

  it("[P15] arrive at the partitions of their keys in order, those without one at the first", async () => {
    const partitions = 3
    const lost = await ShareObjectScene.openNamed(partitions)
    const scene = await ShareObjectScene.open()
    const keys = Array.from({ length: 40 }, (_, index) => `k${index % 7}`)
    await scene.appendKeyed(range(40), keys)
    await scene.append("r40", "r41")
    await scene.share("g", { deadLetter: { kind: "topic", topic: lost.topic } })
    await scene.reject("g", ...(await scene.receive("g", 100)))
    await expect.poll(() => scene.rowsIn("outbox"), PATIENCE).toBe(0)
    for (let partition = 0; partition < partitions; partition++) {
      const expected = keys.flatMap((key, index) => (homeOf(key, partitions) === partition ? [`r${index}`] : []))
      expect(await recordsOf(lost, partition)).toEqual([...expected, ...(partition === 0 ? ["r40", "r41"] : [])])
    }
  })

  it("[P15] arrive at a topic, and can be shared and die again there", async () => {
    const last = await QueueScene.open()
    const lost = await ShareObjectScene.openNamed()
    const scene = await ShareObjectScene.open()
    await scene.append("r0", "r1", "r2")
    await scene.share("g", { deadLetter: { kind: "topic", topic: lost.topic } })
    await lost.share("again", { deadLetter: { kind: "queue", queue: last.name } })
    const { socket, stateId } = await lost.subscribe("again")
    await scene.reject("g", ...(await scene.receive("g", 2)))
    const letters = await socket.takeDeliveries(2)
    expect(bodies(letters)).toEqual(["r0", "r1"])
    expect(headersOf(letters[1]!)).toMatchObject({ "millrace-dead-letter-id": "0/1" })
    await lost.reject("again", { ...letters[1]!, stateId })
    await expect.poll(async () => (await last.statistics()).ready, PATIENCE).toBe(1)
    expect(headersOf((await last.receive())[0]!)).toMatchObject({
      "millrace-dead-letter-source": lost.topic,
      "millrace-dead-letter-moves": "2",
    })
    expect(await recordsOf(lost)).toEqual(["r0", "r1"])
  })

  it("[P15] arrive exactly once at either target while both sides die again and again", async () => {
    const dead = await QueueScene.open()
    const lost = await ShareObjectScene.openNamed()
    const scene = await ShareObjectScene.open()
    const count = 60
    await scene.append(...range(count))
    await scene.share("to-queue", { deadLetter: { kind: "queue", queue: dead.name } })
    await scene.share("to-topic", { deadLetter: { kind: "topic", topic: lost.topic } })
    for (let step = 0; step < 6; step++) {
      await scene.reject("to-queue", ...(await scene.receive("to-queue", count / 6)))
      await scene.reject("to-topic", ...(await scene.receive("to-topic", count / 6)))
      if (step % 2 === 0) await abortAllDurableObjects()
      else await scene.evict()
    }
    await expect.poll(() => scene.rowsIn("outbox"), PATIENCE).toBe(0)
    expect(await recordsOf(lost)).toEqual(range(count))
    expect(bodies(await dead.receive(100))).toEqual(range(count))
    expect(await scene.statistics("to-topic")).toMatchObject({ deadLettered: count })
  })

  it("[P15] an answer that was lost is asked for again, and nothing arrives twice", async () => {
    const lost = await ShareObjectScene.openNamed()
    const scene = await ShareObjectScene.open()
    await scene.append("r0")
    await scene.share("g", { deadLetter: { kind: "topic", topic: lost.topic } })
    await runInDurableObject(lost.stub, (instance) => {
      // calls from elsewhere find methods of the class only
      const target = Object.getPrototypeOf(instance) as { accept: (this: unknown, move: unknown) => Promise<unknown> }
      const { accept } = target
      target.accept = async function lose(this: unknown, move) {
        target.accept = accept
        await accept.call(this, move)
        throw new Error("the answer is lost, planted by a test")
      }
    })
    await scene.reject("g", ...(await scene.receive("g")))
    await expect.poll(() => scene.rowsIn("outbox"), PATIENCE).toBe(0)
    expect(await recordsOf(lost)).toEqual(["r0"])
  })

  it("[P16] wait for a target that is not there yet, while others are delivered, and outlive their group", async () => {
    const scene = await ShareObjectScene.open()
    await scene.append("r0", "r1")
    await scene.share("g", { deadLetter: { kind: "topic", topic: "lost-comes-later" } })
    await scene.reject("g", ...(await scene.receive("g", 1)))
    expect(bodies(await scene.receive("g"))).toEqual(["r1"])
    await scene.stub.forgetGroup("g", 1)
    await scene.evict()
    expect(await scene.rowsIn("outbox")).toBe(1)
    const later = await ShareObjectScene.openNamed(1, "lost-comes-later")
    await expect.poll(() => recordsOf(later), PATIENCE).toEqual(["r0"])
  })

  it("[P13] [P16] that are more than leave in one commit leave in several, and all arrive", async () => {
    const lost = await ShareObjectScene.openNamed()
    const scene = await ShareObjectScene.open()
    const count = MAX_DEPARTURES_PER_COMMIT * 3 + 1
    await scene.append(...range(count))
    const deadLetter = { kind: "topic", topic: lost.topic } as const
    await scene.share("g", { deadLetter, maxDeliveries: 1, lockDurationMs: 200 })
    expect(await scene.receive("g", 1_000)).toHaveLength(count)
    await expect.poll(async () => (await recordsOf(lost)).length, PATIENCE).toBe(count)
    expect(await recordsOf(lost)).toEqual(range(count))
    await expect.poll(() => scene.rowsIn("outbox"), PATIENCE).toBe(0)
    expect(await scene.statistics("g")).toMatchObject({ deadLettered: count, locked: 0, startOffset: count })
  })
})
