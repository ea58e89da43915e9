import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES } from "../../../src/core/limits.ts"
import { decodeFrames, type FromObject, type ToObject } from "../../../src/protocol/internal/frames.ts"
import { RecordFeed } from "../../../src/session/feed.ts"

/** An object that sends as much as it has credit for, in slices of one size. */
class Following {
  readonly feed = new RecordFeed()
  readonly said: ToObject[] = []
  closed = false
  sentRecords = 0
  sentBytes = 0
  #grantedRecords = 0
  #grantedBytes = 0

  constructor() {
    const close = (): void => void (this.closed = true)
    this.feed.start({ send: (frame) => this.#heard(frame), close }, "earliest")
  }

  say(operation: FromObject, blob = new Uint8Array(0)): void {
    this.feed.received([{ operation, blob }])
  }

  pump(count: number, bytes: number): void {
    while (this.sentRecords < this.#grantedRecords && this.sentBytes < this.#grantedBytes) {
      const fromOffset = this.sentRecords
      const nextOffset = fromOffset + count
      this.sentRecords += count
      this.sentBytes += bytes
      const rows = { type: "rows", sub: 1, fromOffset, nextOffset, endOffset: 1e9, count, damaged: [] } as const
      this.say(rows, new Uint8Array(bytes))
    }
  }

  #heard(frame: Uint8Array): void {
    for (const { operation } of decodeFrames<ToObject>(frame, new TextDecoder())) {
      this.said.push(operation)
      if (!("grantedBytes" in operation)) continue
      this.#grantedRecords = operation.grantedMessages
      this.#grantedBytes = operation.grantedBytes
    }
  }
}

describe("a feed", () => {
  it("[W29] says where it begins, and gives slices in order", async () => {
    const following = new Following()
    expect(following.said).toMatchObject([{ type: "subscribe-partition", from: "earliest" }])
    following.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: 4 })
    expect(await following.feed.begun).toEqual({ ok: true, value: { incarnation: 7, nextOffset: 4 } })
    const first = following.feed.next()
    following.pump(2000, 10)
    expect(await first).toMatchObject({ value: { frame: { fromOffset: 0 } } })
    expect(await following.feed.next()).toMatchObject({ value: { frame: { fromOffset: 2000 } } })
  })

  it.each([
    [1, 100 * 1024],
    [100, 1],
    [1, 1024 * 1024],
  ])("[W29] slices of %i records and %i bytes: what is sent and not taken is bounded", async (count, bytes) => {
    const following = new Following()
    following.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: 0 })
    for (let taken = 0; taken < 400; taken++) {
      const next = following.feed.next()
      following.pump(count, bytes)
      expect(following.sentBytes - taken * bytes).toBeLessThanOrEqual(MAX_CREDIT_BYTES + bytes)
      expect(following.sentRecords - taken * count).toBeLessThanOrEqual(MAX_CREDIT_MESSAGES + count)
      expect(following.sentRecords).toBeGreaterThan(taken * count)
      expect(await next).toMatchObject({ value: { frame: { fromOffset: taken * count } } })
    }
    // not one grant for each slice, unless one slice is all the credit
    if (bytes < MAX_CREDIT_BYTES / 2) expect(following.said.length).toBeLessThan(150)
  })

  it("[W29] a reader that takes nothing gets no more", () => {
    const following = new Following()
    following.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: 0 })
    for (let turn = 0; turn < 10; turn++) following.pump(10, 1000)
    expect(following.sentBytes).toBeLessThanOrEqual(MAX_CREDIT_BYTES + 1000)
    expect(following.said).toHaveLength(1)
  })

  it("[W29] what came before its end is given, then why it ended", async () => {
    const following = new Following()
    following.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: 0 })
    following.pump(9000, 10)
    following.say({ type: "ended", sub: 1, failure: { code: "offset_trimmed", earliestOffset: 9 } })
    expect(await following.feed.next()).toMatchObject({ ok: true })
    expect(await following.feed.next()).toMatchObject({ ok: true })
    expect(await following.feed.next()).toMatchObject({ ok: false, error: { code: "offset_trimmed" } })
    expect(following.closed).toBe(true)
  })

  it("[W29] a feed that is refused never begins; one that is stopped ends a wait", async () => {
    const refused = new Following()
    refused.say({ type: "failed", refs: [], sub: 1, failure: { code: "offset_out_of_range", latestOffset: 3 } })
    expect(await refused.feed.begun).toMatchObject({ error: { code: "offset_out_of_range" } })
    const stopped = new Following()
    stopped.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: 0 })
    const next = stopped.feed.next()
    stopped.feed.stop()
    expect(await next).toMatchObject({ ok: false })
    expect(stopped.closed).toBe(true)
  })
})
