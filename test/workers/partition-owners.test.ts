import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import { MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT, MAX_SUBSCRIPTIONS_PER_OBJECT } from "../../src/core/limits.ts"
import type { Owner } from "../../src/core/stream/group-commands.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import type { ToObject } from "../../src/protocol/internal/frames.ts"
import { ObjectSocket } from "./object-socket.ts"
import { batchOf, valueOf } from "./support.ts"

const VERSION = 3
let serial = 0

type Wanted = Partial<Extract<ToObject, { type: "subscribe-partition" }>>

const A: Owner = { group: "billing", generation: 1, memberId: "a", epoch: 1 }
const B: Owner = { ...A, memberId: "b", epoch: 2 }

/** A partition, and a socket on it with a reader. */
class Scene {
  readonly stub = env.PARTITIONS.getByName(`default/owned-${serial++}/0`)
  socket!: ObjectSocket
  #next = 0

  static async open(): Promise<Scene> {
    const scene = new Scene()
    const settings = DEFAULT_TOPIC_SETTINGS
    await scene.stub.init({ incarnation: VERSION, version: VERSION, settings })
    scene.socket = await ObjectSocket.open({ stub: scene.stub, version: VERSION })
    return scene
  }

  async append(count: number): Promise<void> {
    const bodies = Array.from({ length: count }, () => `r${this.#next++}`)
    await this.stub.append(VERSION, batchOf(bodies), null)
  }

  async grant(owner: Omit<Owner, "memberId"> & { memberId: string | null }, limit: number | null = null) {
    const granted = await this.stub.grant(VERSION, { ...owner, reset: "earliest", seek: null, limit })
    expect(granted).toMatchObject({ ok: true })
  }

  subscribe(wanted: Wanted = {}): void {
    const granted = { grantedMessages: 100, grantedBytes: 1_000_000 }
    this.socket.send({ type: "subscribe-partition", sub: 1, from: "earliest", ...granted, ...wanted })
  }

  /** The bodies of the next push. */
  async pushed(): Promise<readonly string[]> {
    const { operation, blob } = await this.socket.take("rows")
    if (operation.type !== "rows") throw new Error(operation.type)
    const { records } = readRecords(blob, operation.fromOffset, 1000, operation.nextOffset)
    return records.map(({ record }) => valueOf(record))
  }

  async ended(): Promise<unknown> {
    return (await this.socket.take("ended")).operation
  }
}

const fencedAt = (epoch: number) => ({ type: "ended", sub: 1, failure: { code: "fenced", epoch } })

describe("a subscription of a member", () => {
  it("[G11] gets what is there and what comes, and ends once the partition is somebody else's", async () => {
    const scene = await Scene.open()
    await scene.append(2)
    await scene.grant(A)
    scene.subscribe({ owner: A })
    await scene.socket.take("subscribed")
    expect(await scene.pushed()).toEqual(["r0", "r1"])
    await scene.append(1)
    expect(await scene.pushed()).toEqual(["r2"])
    await scene.grant(B)
    expect(await scene.ended()).toEqual(fencedAt(2))
    await scene.append(1)
    scene.subscribe({ sub: 2, from: 3 })
    expect(await scene.pushed()).toEqual(["r3"])
    expect(scene.socket.has("rows")).toBe(false)
  })

  it.each([
    ["given to nobody", (scene: Scene) => scene.grant({ ...A, memberId: null, epoch: 2 }), 2],
    ["given to the same member again", (scene: Scene) => scene.grant({ ...A, epoch: 2 }), 2],
    ["of a group that begins another life", (scene: Scene) => scene.grant({ ...A, generation: 2, epoch: 7 }), 7],
    ["of a group that is deleted", (scene: Scene) => scene.stub.forgetGroup("billing", 1), 0],
  ])("[G11] ends where the partition is %s, without credit and after an eviction too", async (_, taken, epoch) => {
    for (const isEvicted of [false, true]) {
      const scene = await Scene.open()
      await scene.append(1)
      await scene.grant(A)
      scene.subscribe({ owner: A, grantedMessages: 0 })
      await scene.socket.take("subscribed")
      if (isEvicted) await evictDurableObject(scene.stub)
      await taken(scene)
      expect(await scene.ended()).toEqual(fencedAt(epoch))
      const attached = await runInDurableObject(scene.stub, (_object, state) =>
        state.getWebSockets().map((socket) => socket.deserializeAttachment() as unknown),
      )
      expect(attached).toEqual([[]])
    }
  })

  it("[G11] is refused to whoever is not the owner when it begins", async () => {
    const scene = await Scene.open()
    for (const [owner, epoch] of [
      [A, 0],
      [{ ...B, epoch: 1 }, 2],
      [{ ...B, memberId: "a" }, 2],
    ] as const) {
      if (epoch > 0) await scene.grant(B)
      scene.subscribe({ owner })
      const { operation } = await scene.socket.take("failed")
      expect(operation).toEqual({ type: "failed", refs: [], sub: 1, failure: { code: "fenced", epoch } })
    }
    scene.subscribe({ owner: B })
    await scene.socket.take("subscribed")
  })

  it("[G11] never goes beyond the limit, and goes on where it is raised, evicted in between", async () => {
    const scene = await Scene.open()
    await scene.append(6)
    await scene.grant(A, 0)
    scene.subscribe({ owner: A })
    await scene.socket.take("subscribed")
    await scene.grant(A, 4)
    expect(await scene.pushed()).toEqual(["r0", "r1", "r2", "r3"])
    await evictDurableObject(scene.stub)
    await scene.append(1)
    await scene.grant(A, 5)
    expect(await scene.pushed()).toEqual(["r4"])
    await evictDurableObject(scene.stub)
    await scene.grant(A, null)
    expect(await scene.pushed()).toEqual(["r5", "r6"])
  })

  it("[G11] takes of its credit what it was sent, up to the limit and behind it", async () => {
    const scene = await Scene.open()
    await scene.append(10)
    await scene.grant(A, 4)
    scene.subscribe({ owner: A, grantedMessages: 6 })
    expect(await scene.pushed()).toEqual(["r0", "r1", "r2", "r3"])
    await scene.grant(A, null)
    expect(await scene.pushed()).toEqual(["r4", "r5"])
    scene.socket.send({ type: "credit", sub: 1, grantedMessages: 7, grantedBytes: 1_000_000 })
    expect(await scene.pushed()).toEqual(["r6"])
  })

  it("[G11] of the longest names, as many as there may be, survive an eviction", async () => {
    const scene = await Scene.open()
    const owners = Array.from({ length: MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT }, (_, index) => {
      const group = `${"g".repeat(125)}${String(index).padStart(3, "0")}`
      return { group, generation: 2 ** 52, memberId: "m".repeat(64), epoch: 2 ** 52 }
    })
    for (const [index, owner] of owners.entries()) {
      await scene.grant(owner)
      scene.subscribe({ sub: 2 ** 31 + index, owner, grantedMessages: 2 ** 52, grantedBytes: 2 ** 52 })
    }
    for (let index = owners.length; index < MAX_SUBSCRIPTIONS_PER_OBJECT; index++) {
      scene.subscribe({ sub: 2 ** 31 + index, grantedMessages: 2 ** 52, grantedBytes: 2 ** 52 })
    }
    for (let index = 0; index < MAX_SUBSCRIPTIONS_PER_OBJECT; index++) await scene.socket.take("subscribed")
    await evictDurableObject(scene.stub)
    await scene.append(1)
    for (let index = 0; index < MAX_SUBSCRIPTIONS_PER_OBJECT; index++) expect(await scene.pushed()).toEqual(["r0"])
    await scene.grant({ ...owners[3]!, memberId: null, epoch: 2 ** 52 + 1 })
    expect(await scene.ended()).toMatchObject({ sub: 2 ** 31 + 3, failure: { code: "fenced" } })
  })

  it("[G11] is refused beyond as many", async () => {
    const scene = await Scene.open()
    await scene.grant(A)
    for (let sub = 0; sub <= MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT; sub++) scene.subscribe({ sub, owner: A })
    const { operation } = await scene.socket.take("failed")
    expect(operation).toMatchObject({ sub: MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT, failure: { code: "invalid_request" } })
    scene.subscribe({ sub: 99 })
    for (let sub = 0; sub <= MAX_OWNED_SUBSCRIPTIONS_PER_OBJECT; sub++) await scene.socket.take("subscribed")
  })
})

describe("a subscription without an owner", () => {
  it("[G16] is served beside groups as ever, also one that an older Worker began", async () => {
    const scene = await Scene.open()
    await scene.append(2)
    await scene.grant(A, 0)
    scene.subscribe()
    expect(await scene.pushed()).toEqual(["r0", "r1"])
    await evictDurableObject(scene.stub)
    await scene.grant(B, 0)
    await scene.append(1)
    expect(await scene.pushed()).toEqual(["r2"])
    expect(scene.socket.has("ended")).toBe(false)
  })
})
