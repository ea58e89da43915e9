import { describe, expect, it } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import { DEFAULT_GROUP_SETTINGS } from "../../../src/core/group/settings.ts"
import type { ShareTerms } from "../../../src/core/stream/share/commands.ts"
import type { FromObject } from "../../../src/protocol/internal/frames.ts"
import type { Dial } from "../../../src/session/ports.ts"
import { waitForShares } from "../../../src/session/wait-for-shares.ts"
import { deliveries, FakeSocket } from "./fakes.ts"
import { decodeFrames, type ToObject } from "../../../src/protocol/internal/frames.ts"

const TERMS: ShareTerms = { group: "g", generation: 5, version: 6, settings: DEFAULT_GROUP_SETTINGS }
const BEGUN: FromObject = { type: "share-subscribed", sub: 1, incarnation: 7, stateId: 3, stateGeneration: 5 }
const ENDED: FromObject = { type: "ended", sub: 1, failure: null }
const LONG_MS = 600_000

/** Partitions that are waited at, as their objects see it. */
class Scene {
  readonly sockets: FakeSocket[] = []
  readonly gone = new AbortController()

  dial: Dial = async (version, events) => {
    const socket = new FakeSocket(version, events)
    this.sockets.push(socket)
    return ok({
      send: (frame) => void socket.frames.push(decodeFrames<ToObject>(frame, new TextDecoder())),
      close: (code) => void (socket.closedWith = code),
    })
  }

  wait(partitions: number, maxMessages: number, waitMs = LONG_MS) {
    const waits = Array.from({ length: partitions }, () => ({ dial: this.dial, version: 2, terms: TERMS }))
    return waitForShares(waits, { maxMessages, lockDurationMs: 9 }, waitMs, this.gone.signal)
  }
}

describe("a share group's receive that waits", () => {
  it("[H114] waits at every partition, with locks that belong to no socket", async () => {
    const scene = new Scene()
    const waiting = scene.wait(2, 5)
    await settled()
    expect(scene.sockets.map(({ version }) => version)).toEqual([2, 2])
    for (const { operations } of scene.sockets) {
      expect(operations).toMatchObject([
        { type: "subscribe-share", terms: TERMS, lockDurationMs: 9, grantedMessages: 5, detached: true },
      ])
    }
    scene.gone.abort()
    for (const socket of scene.sockets) socket.say(ENDED)
    await waiting
  })

  it("[H114] the first delivery ends all, and what others deliver meanwhile is answered too", async () => {
    const scene = new Scene()
    const waiting = scene.wait(3, 5)
    await settled()
    const [first, second, third] = scene.sockets as [FakeSocket, FakeSocket, FakeSocket]
    for (const socket of scene.sockets) socket.say(BEGUN)
    second.say({ type: "deliver", sub: 1 }, deliveries(["a", "b"]))
    for (const socket of scene.sockets) expect(socket.types).toEqual(["subscribe-share", "unsubscribe"])
    third.say({ type: "deliver", sub: 1 }, deliveries(["c"]))
    for (const socket of [first, second, third]) socket.say(ENDED)
    const received = await waiting
    expect(received.map((one) => one.ok && one.value.deliveries.length)).toEqual([0, 2, 1])
    expect(received[1]).toMatchObject({ value: { incarnation: 7, stateId: 3, stateGeneration: 5 } })
    expect(scene.sockets.map(({ closedWith }) => closedWith)).toEqual([1000, 1000, 1000])
  })

  it("[H114] a partition that delivered all that was asked for ends at once", async () => {
    const scene = new Scene()
    const waiting = scene.wait(1, 2)
    await settled()
    scene.sockets[0]!.say(BEGUN)
    scene.sockets[0]!.say({ type: "deliver", sub: 1 }, deliveries(["a", "b"]))
    const [received] = await waiting
    expect(received?.ok && received.value.deliveries.length).toBe(2)
  })

  it("[H114] when the time is up all of them end, and none is a failure", async () => {
    const scene = new Scene()
    const waiting = scene.wait(2, 5, 1)
    await expect.poll(() => scene.sockets.flatMap(({ types }) => types)).toContain("unsubscribe")
    for (const socket of scene.sockets) socket.say(ENDED)
    expect((await waiting).map((one) => one.ok)).toEqual([true, true])
  })

  it("[H115] a client that leaves gets what was on its way, so that it can be handed back", async () => {
    const scene = new Scene()
    const waiting = scene.wait(1, 5)
    await settled()
    scene.sockets[0]!.say(BEGUN)
    scene.gone.abort()
    scene.sockets[0]!.say({ type: "deliver", sub: 1 }, deliveries(["a"]))
    scene.sockets[0]!.say(ENDED)
    const [received] = await waiting
    expect(received?.ok && received.value.deliveries.length).toBe(1)
  })

  it("[H115] one that had left before it began to wait ends what it begins", async () => {
    const scene = new Scene()
    scene.gone.abort()
    const waiting = scene.wait(1, 5)
    await settled()
    expect(scene.sockets[0]!.types).toEqual(["subscribe-share", "unsubscribe"])
    scene.sockets[0]!.say(ENDED)
    expect(await waiting).toMatchObject([{ ok: true }])
  })

  it("[H113] a partition that can't be waited at ends only its own wait", async () => {
    const scene = new Scene()
    const unreachable = err({ code: "unavailable", retryAfterMs: 1 } as const)
    const waits = [
      { dial: async () => unreachable, version: 2, terms: TERMS },
      { dial: scene.dial, version: 2, terms: TERMS },
      { dial: scene.dial, version: 2, terms: TERMS },
    ]
    const waiting = waitForShares(waits, { maxMessages: 1, lockDurationMs: null }, LONG_MS, scene.gone.signal)
    await settled()
    scene.sockets[0]!.say({ type: "failed", refs: [], sub: 1, failure: { code: "share_not_open" } })
    expect(scene.sockets[1]!.types).toEqual(["subscribe-share"])
    scene.sockets[1]!.say(BEGUN)
    scene.sockets[1]!.say({ type: "deliver", sub: 1 }, deliveries(["a"]))
    const received = await waiting
    expect(received.map((one) => (one.ok ? one.value.deliveries.length : one.error.code))).toEqual([
      "unavailable",
      "share_not_open",
      1,
    ])
  })
})

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
