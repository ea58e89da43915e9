import { abortAllDurableObjects } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import type { MessageFilter, Redrive, RedriveRequest } from "../../src/core/queue/operator/commands.ts"
import { bodies, QueueScene, reject } from "./queue-scene.ts"
import { many } from "./support.ts"

const EVERYTHING: MessageFilter = { reason: null, header: null, groupId: null, sentAfter: null, sentBefore: null }
const REQUEST: RedriveRequest = { queue: null, filter: EVERYTHING, maxMessagesPerSecond: null }
/** Generous: a loaded machine is slow. */
const WAIT = { timeout: 20_000, interval: 50 }

describe("a redrive", () => {
  it("[O10] runs by itself, and brings dead letters back in order", async () => {
    const { source, dead } = await rejected(300)
    expect(await started(dead)).toMatchObject({ state: "running", endOffset: 300 })
    await expect.poll(() => newest(dead), WAIT).toMatchObject({ state: "done", moved: 300, skipped: 0 })
    await expect.poll(() => dead.statistics(), WAIT).toMatchObject({ ready: 0, bytes: 0, redriven: 300, forwarding: 0 })
    expect(bodies(await source.receive(1000))).toEqual(namesOf(300))
  })

  it("[O12] goes on by itself after an eviction and after crashes in the middle", async () => {
    const { source, dead } = await rejected(300)
    await started(dead, { maxMessagesPerSecond: 200 })
    await expect.poll(async () => (await newest(dead)).moved, WAIT).toBeGreaterThan(0)
    await dead.evict()
    await expect.poll(async () => (await newest(dead)).moved, WAIT).toBeGreaterThan(60)
    await abortAllDurableObjects()
    await expect.poll(async () => (await source.statistics()).ready, WAIT).toBeGreaterThan(150)
    await abortAllDurableObjects()
    // nobody calls the dead-letter queue: its alarm wakes it
    await expect.poll(() => source.statistics(), WAIT).toMatchObject({ ready: 300 })
    expect(bodies(await source.receive(1000))).toEqual(namesOf(300))
    await expect.poll(() => newest(dead), WAIT).toMatchObject({ state: "done", moved: 300 })
    expect(await dead.statistics()).toMatchObject({ ready: 0, redriven: 300 })
  })

  it("[O13] never moves faster than its rate", async () => {
    const rate = 40
    const { dead } = await rejected(60)
    await started(dead, { maxMessagesPerSecond: rate })
    for (let isRunning = true; isRunning;) {
      const { moved, state, startedAt } = await newest(dead)
      expect(moved * 1000).toBeLessThanOrEqual(rate * (Date.now() - startedAt))
      isRunning = state === "running"
    }
    expect(await newest(dead)).toMatchObject({ state: "done", moved: 60 })
  })

  it("[O14] ends when cancelled, and what it moved stays moved", async () => {
    const { source, dead } = await rejected(50)
    expect(await dead.stub.cancelRedrive(dead.version)).toMatchObject({
      error: { code: "not_found", resource: "redrive" },
    })
    await started(dead, { maxMessagesPerSecond: 2 })
    expect(await dead.stub.startRedrive(dead.version, REQUEST)).toMatchObject({ error: { code: "conflict" } })
    await expect.poll(async () => (await newest(dead)).moved, WAIT).toBeGreaterThan(0)
    const cancelled = await dead.stub.cancelRedrive(dead.version)
    expect(cancelled).toMatchObject({ ok: true, value: { state: "cancelled" } })
    await dead.evict()
    const { moved, state } = await newest(dead)
    expect(state).toBe("cancelled")
    await expect.poll(() => source.statistics(), WAIT).toMatchObject({ ready: moved })
    expect(await dead.statistics()).toMatchObject({ ready: 50 - moved, redriven: moved })
  })
})

/** A queue whose messages were all rejected, and the queue that they went to. */
async function rejected(count: number): Promise<{ source: QueueScene; dead: QueueScene }> {
  const dead = await QueueScene.open()
  const source = await QueueScene.open({ deadLetterQueue: dead.name })
  await source.send(...many(count, "m"))
  for (let left = count; left > 0; left -= 50) {
    await source.settle(...(await source.receive(50)).map((delivery) => reject(delivery)))
  }
  await expect.poll(() => dead.statistics(), WAIT).toMatchObject({ ready: count })
  return { source, dead }
}

async function started(queue: QueueScene, given: Partial<RedriveRequest> = {}): Promise<Redrive> {
  const redrive = await queue.stub.startRedrive(queue.version, { ...REQUEST, ...given })
  if (!redrive.ok) throw new Error(redrive.error.code)
  return redrive.value
}

async function newest(queue: QueueScene): Promise<Redrive> {
  const redrives = await queue.stub.redrives(queue.version)
  if (!redrives.ok) throw new Error(redrives.error.code)
  return redrives.value[0]!
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `m${at}`)
}
