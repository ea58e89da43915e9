import { describe, expect, it } from "vitest"
import { decodeDeliveries } from "../../../src/core/log/delivered.ts"
import { decodeFrames, type FromObject, type ToObject } from "../../../src/protocol/internal/frames.ts"
import { WaitingReceive } from "../../../src/session/waiting-receive.ts"
import { deliveries } from "./fakes.ts"

const SUBSCRIBED: FromObject = { type: "subscribed", sub: 1, incarnation: 7, nextOffset: null }
const ENDED: FromObject = { type: "ended", sub: 1, failure: null }

class Waiting {
  readonly said: ToObject[] = []
  readonly receive: WaitingReceive
  closed = false

  constructor(maxMessages: number) {
    this.receive = new WaitingReceive({ maxMessages, visibilityTimeoutMs: null, attemptId: "a" })
    this.receive.start({
      send: (frame) => {
        this.said.push(...decodeFrames<ToObject>(frame, new TextDecoder()).map(({ operation }) => operation))
      },
      close: () => void (this.closed = true),
    })
  }

  get types(): readonly string[] {
    return this.said.map(({ type }) => type)
  }

  say(operation: FromObject, blob: Uint8Array = new Uint8Array(0)): void {
    this.receive.received([{ operation, blob }])
  }

  async count(): Promise<number> {
    const result = await this.receive.result
    if (!result.ok) throw new Error(result.error.code)
    return decodeDeliveries(result.value.deliveries).length
  }
}

describe("a receive that waits", () => {
  it("[W24] ends at once with all that it asked for, and its leases are detached", async () => {
    const waiting = new Waiting(2)
    expect(waiting.said).toMatchObject([
      { type: "subscribe-queue", grantedMessages: 2, detached: true, attemptId: "a" },
    ])
    waiting.say(SUBSCRIBED)
    waiting.say({ type: "deliver", sub: 1 }, deliveries(["a", "b"]))
    expect(await waiting.count()).toBe(2)
    expect(await waiting.receive.result).toMatchObject({ value: { incarnation: 7 } })
    expect(waiting.types).toEqual(["subscribe-queue"])
    expect(waiting.closed).toBe(true)
  })

  it("[W24] with less it ends when nothing more can be on its way", async () => {
    const waiting = new Waiting(5)
    waiting.say(SUBSCRIBED)
    waiting.say({ type: "deliver", sub: 1 }, deliveries(["a"]))
    expect(waiting.types).toEqual(["subscribe-queue", "unsubscribe"])
    waiting.say({ type: "deliver", sub: 1 }, deliveries(["b"], 1))
    waiting.say(ENDED)
    expect(await waiting.count()).toBe(2)
  })

  it("[W25] a delivery that crosses the end of the wait counts", async () => {
    const waiting = new Waiting(5)
    waiting.say(SUBSCRIBED)
    waiting.receive.stop()
    waiting.receive.stop()
    expect(waiting.types).toEqual(["subscribe-queue", "unsubscribe"])
    waiting.say({ type: "deliver", sub: 1 }, deliveries(["a"]))
    waiting.say(ENDED)
    expect(await waiting.count()).toBe(1)
  })

  it("[W25] none in time is no failure", async () => {
    const waiting = new Waiting(5)
    waiting.say(SUBSCRIBED)
    waiting.receive.stop()
    waiting.say(ENDED)
    expect(await waiting.count()).toBe(0)
  })

  it("[W25] an object that goes away is a failure only where nothing came", async () => {
    const empty = new Waiting(5)
    empty.receive.closed()
    expect(await empty.receive.result).toMatchObject({ ok: false, error: { code: "unavailable" } })
    const some = new Waiting(5)
    some.say(SUBSCRIBED)
    some.say({ type: "deliver", sub: 1 }, deliveries(["a"]))
    some.receive.closed()
    expect(await some.count()).toBe(1)
  })
})
