import { describe, expect, it } from "vitest"
import type { BrowseRequest, MessageFilter } from "../../src/core/queue/operator/commands.ts"
import { QueueScene } from "./queue-scene.ts"
import { many, textOf } from "./support.ts"

const EVERYTHING: MessageFilter = { reason: null, header: null, groupId: null, sentAfter: null, sentBefore: null }
const BROWSE: BrowseRequest = { state: "ready", filter: EVERYTHING, limit: 100, cursor: null }

describe("an operator", () => {
  it("[O1] [O2] [O3] browses page by page, and writes nothing", async () => {
    const queue = await QueueScene.open()
    await queue.send(...many(5, "m"), { body: "later", delayMs: 3_600_000 })
    await queue.receive(1)
    const before = await queue.cost()
    const first = valueOf(await queue.stub.browse(queue.version, { ...BROWSE, limit: 3 }))
    expect(first.messages.map(({ frame }) => textOf(frame))).toEqual(["m1", "m2", "m3"])
    const second = valueOf(await queue.stub.browse(queue.version, { ...BROWSE, cursor: first.cursor }))
    expect(second).toMatchObject({ messages: [{ state: "ready", offset: 4 }], cursor: null })
    const held = valueOf(await queue.stub.browse(queue.version, { ...BROWSE, state: "in_flight" }))
    expect(held.messages).toMatchObject([{ offset: 0, consumer: 0, deliveryCount: 1 }])
    const scheduled = valueOf(await queue.stub.browse(queue.version, { ...BROWSE, state: "scheduled" }))
    expect(scheduled.messages.map(({ frame }) => textOf(frame))).toEqual(["later"])
    expect(await queue.cost()).toEqual(before)
  })

  it("[O3] is told that the queue is another one now", async () => {
    const queue = await QueueScene.open()
    const cursor = { incarnation: 1, at: 0, messageId: 0 }
    const page = await queue.stub.browse(queue.version, { ...BROWSE, cursor })
    expect(page).toEqual({ ok: false, error: { code: "log_recreated" } })
  })

  it("[O5] [O6] finds and deletes one message by its id, through eviction", async () => {
    const queue = await QueueScene.open()
    const [held, ready, later] = await queue.send("held", "ready", { body: "later", delayMs: 3_600_000 })
    await queue.receive(1)
    const found = valueOf(await queue.stub.find(queue.version, ready!))
    expect(found).toMatchObject({ messageId: ready, state: "ready", incarnation: 7 })
    expect(textOf(found.frame)).toBe("ready")
    expect(await queue.remove(ready!)).toBeNull()
    expect(await queue.remove(later!)).toBeNull()
    expect(await queue.remove(held!)).toBe("message_in_flight")
    await queue.evict()
    const missing = await queue.stub.find(queue.version, ready!)
    expect(missing).toEqual({ ok: false, error: { code: "not_found", resource: "message", name: `7-0-${ready}` } })
    expect(await queue.remove(later!)).toBe("not_found")
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 1, scheduled: 0, removed: 2 })
  })

  it("[O5] goes through a long log in steps, and other commands come in between", async () => {
    const queue = await QueueScene.open()
    for (let batch = 0; batch < 70; batch++) await queue.send(...many(1000, "m"))
    const [last] = await queue.send({ body: "later", delayMs: 1 })
    await expect.poll(() => queue.statistics(), { timeout: 10_000 }).toMatchObject({ scheduled: 0, ready: 70_001 })
    await queue.send("behind it")
    await queue.evict()
    expect(valueOf(await queue.stub.find(queue.version, last!))).toMatchObject({ messageId: last, offset: 70_000 })
  })

  it("[O7] resends a message to another queue, also more at once than one commit moves", async () => {
    const target = await QueueScene.open()
    const queue = await QueueScene.open()
    const ids = await queue.send(...many(200, "m"))
    const resent = await Promise.all(
      ids.map((messageId) =>
        queue.stub.resend(queue.version, { messageId, queue: target.name, frame: null, keyHash: 0 }),
      ),
    )
    expect(new Set(resent.map(valueOf))).toEqual(new Set([target.name]))
    await expect.poll(() => target.statistics(), { timeout: 10_000 }).toMatchObject({ ready: 200 })
    expect(await queue.statistics()).toMatchObject({ ready: 0, bytes: 0, redriven: 200 })
    const again = await queue.stub.resend(queue.version, {
      messageId: ids[0]!,
      queue: target.name,
      frame: null,
      keyHash: 0,
    })
    expect(again).toMatchObject({ ok: false, error: { code: "not_found", resource: "message" } })
  })

  it("[O8] purges what it asks for, slice by slice", async () => {
    const queue = await QueueScene.open()
    await queue.send(...many(10, "a", { group: "a" }), ...many(5, "b", { group: "b" }))
    const request = { states: ["ready", "delayed"], filter: { ...EVERYTHING, groupId: "a" }, cursor: null } as const
    expect(valueOf(await queue.stub.purge(queue.version, request))).toEqual({ removed: 10, cursor: null })
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 5, removed: 10 })
  })

  it("[N6] is told that the settings changed", async () => {
    const queue = await QueueScene.open()
    const { version } = queue
    await queue.configure({ visibilityTimeoutMs: 1000 })
    const stale = { ok: false, error: { code: "stale_metadata", version: queue.version } }
    const { stub } = queue
    expect(await stub.browse(version, BROWSE)).toEqual(stale)
    expect(await stub.find(version, 1)).toEqual(stale)
    expect(await stub.remove(version, 1)).toEqual(stale)
    expect(await stub.resend(version, { messageId: 1, queue: "q", frame: null, keyHash: 0 })).toEqual(stale)
    expect(await stub.purge(version, { states: ["ready"], filter: EVERYTHING, cursor: null })).toEqual(stale)
    const redrive = { queue: null, filter: EVERYTHING, maxMessagesPerSecond: null }
    expect(await stub.startRedrive(version, redrive)).toEqual(stale)
    expect(await stub.redrives(version)).toEqual(stale)
    expect(await stub.cancelRedrive(version)).toEqual(stale)
  })
})

function valueOf<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}
