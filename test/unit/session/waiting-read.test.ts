import { describe, expect, it } from "vitest"
import { decodeFrames, type FromObject, type ToObject } from "../../../src/protocol/internal/frames.ts"
import { WaitingRead } from "../../../src/session/waiting-read.ts"

const SUBSCRIBED: FromObject = { type: "subscribed", sub: 1, incarnation: 7, nextOffset: 5 }
const ROWS: FromObject = { type: "rows", sub: 1, fromOffset: 5, nextOffset: 6, endOffset: 6, count: 1, damaged: [] }

class Waiting {
  readonly said: ToObject[] = []
  readonly read = new WaitingRead()
  closed = false

  constructor() {
    this.read.start(
      {
        send: (frame) => {
          this.said.push(...decodeFrames<ToObject>(frame, new TextDecoder()).map(({ operation }) => operation))
        },
        close: () => void (this.closed = true),
      },
      5,
    )
  }

  say(operation: FromObject): void {
    this.read.received([{ operation, blob: new Uint8Array(0) }])
  }
}

describe("a read that waits", () => {
  it("[W28] takes one record for the sign that there is something, and leaves", async () => {
    const waiting = new Waiting()
    expect(waiting.said).toEqual([
      { type: "subscribe-partition", sub: 1, from: 5, grantedMessages: 1, grantedBytes: 1 },
    ])
    waiting.say(SUBSCRIBED)
    expect(waiting.closed).toBe(false)
    waiting.say(ROWS)
    expect(await waiting.read.result).toEqual({ ok: true, value: true })
    expect(waiting.closed).toBe(true)
  })

  it("[W28] ends at once when it is stopped, and what comes then changes nothing", async () => {
    const waiting = new Waiting()
    waiting.say(SUBSCRIBED)
    waiting.read.stop()
    expect(waiting.closed).toBe(true)
    waiting.say(ROWS)
    expect(await waiting.read.result).toEqual({ ok: true, value: false })
  })

  it("[W28] fails where the object refuses it or goes away", async () => {
    const refused = new Waiting()
    refused.say({ type: "failed", refs: [], sub: 1, failure: { code: "offset_trimmed", earliestOffset: 9 } })
    expect(await refused.read.result).toMatchObject({ error: { code: "offset_trimmed" } })
    const trimmed = new Waiting()
    trimmed.say(SUBSCRIBED)
    trimmed.say({ type: "ended", sub: 1, failure: { code: "offset_trimmed", earliestOffset: 9 } })
    expect(await trimmed.read.result).toMatchObject({ error: { code: "offset_trimmed" } })
    const gone = new Waiting()
    gone.read.closed()
    expect(await gone.read.result).toMatchObject({ error: { code: "unavailable" } })
  })
})
