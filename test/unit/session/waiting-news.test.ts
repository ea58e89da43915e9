import { describe, expect, it } from "vitest"
import { ok } from "../../../src/core/result.ts"
import { decodeFrames, type FromObject, type ToObject } from "../../../src/protocol/internal/frames.ts"
import { WaitingNews } from "../../../src/session/waiting-news.ts"

const SUBSCRIBED: FromObject = { type: "subscribed", sub: 1, incarnation: 7, nextOffset: null }
const NEWS: FromObject = { type: "member-news", sub: 1 }

class Watching {
  readonly said: ToObject[] = []
  readonly news = new WaitingNews()
  closes = 0

  constructor() {
    this.news.start(
      {
        send: (frame) => {
          this.said.push(...decodeFrames<ToObject>(frame, new TextDecoder()).map(({ operation }) => operation))
        },
        close: () => void this.closes++,
      },
      "m",
    )
  }

  say(operation: FromObject): void {
    this.news.received([{ operation, blob: new Uint8Array(0) }])
  }
}

describe("a heartbeat that waits", () => {
  it("[H94] is told to look once the member is watched, and then at each change", async () => {
    const watching = new Watching()
    expect(watching.said).toEqual([{ type: "watch-member", sub: 1, memberId: "m" }])
    const first = watching.news.next()
    watching.say(SUBSCRIBED)
    expect(await first).toEqual(ok(true))
    const second = watching.news.next()
    watching.say(NEWS)
    expect(await second).toEqual(ok(true))
  })

  it("[H94] news that come while nobody waits are kept, as one", async () => {
    const watching = new Watching()
    watching.say(SUBSCRIBED)
    watching.say(NEWS)
    watching.say(NEWS)
    expect(await watching.news.next()).toEqual(ok(true))
    const waiting = watching.news.next()
    watching.news.stop()
    expect(await waiting).toEqual(ok(false))
  })

  it("[H94] a member that is out, and a coordinator that went away, end it", async () => {
    const out = new Watching()
    out.say(NEWS)
    const failure = { code: "not_found", resource: "member", name: "m" } as const
    out.say({ type: "ended", sub: 1, failure })
    expect(await out.news.next()).toEqual({ ok: false, error: failure })
    out.news.stop()
    expect(out.closes).toBe(1)
    const lost = new Watching()
    const waiting = lost.news.next()
    lost.news.closed()
    expect(await waiting).toMatchObject({ ok: false, error: { code: "unavailable" } })
  })
})
