import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { SSE_HEARTBEAT_MS } from "../../../src/core/limits.ts"
import { EventWriter } from "../../../src/routes/event-writer.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A writer, and what reads its next piece. */
function writerAndReader() {
  const writer = new EventWriter(":\n\n", SSE_HEARTBEAT_MS)
  const reader = writer.readable.getReader()
  const read = async (): Promise<string | null> => {
    const { done, value } = await reader.read()
    return done ? null : new TextDecoder().decode(value)
  }
  return { writer, reader, read }
}

describe("an answer that goes on", () => {
  it("[H69] shows that it is there while nothing is written", async () => {
    const { writer, read } = writerAndReader()
    for (let beat = 0; beat < 3; beat++) {
      const next = read()
      await vi.advanceTimersByTimeAsync(SSE_HEARTBEAT_MS)
      expect(await next).toBe(":\n\n")
    }
    await writer.end()
    expect(vi.getTimerCount()).toBe(0)
  })

  it("[H69] a write waits until it is taken, and no heartbeats pile up behind it", async () => {
    const { writer, read } = writerAndReader()
    let taken = 0
    void writer.write("a").then(() => taken++)
    void writer.write("b").then(() => taken++)
    await vi.advanceTimersByTimeAsync(10 * SSE_HEARTBEAT_MS)
    expect(taken).toBe(0)
    expect([await read(), await read()]).toEqual(["a", "b"])
    await vi.advanceTimersByTimeAsync(0)
    expect(taken).toBe(2)
    await writer.end()
    expect(await read()).toBeNull()
  })

  it("[H69] tells once its client is gone, also through a heartbeat", async () => {
    const { writer, reader } = writerAndReader()
    let gone = 0
    writer.onGone(() => gone++)
    await reader.cancel()
    await vi.advanceTimersByTimeAsync(2 * SSE_HEARTBEAT_MS)
    expect(gone).toBeGreaterThan(0)
    expect(await writer.write("x")).toBe(false)
    await writer.end()
    expect(vi.getTimerCount()).toBe(0)
  })

  it("[H69] drops what nobody will take any more", async () => {
    const { writer } = writerAndReader()
    let gone = 0
    writer.onGone(() => gone++)
    const [first, second] = [writer.write("a"), writer.write("b")]
    writer.abandon()
    expect([await first, await second]).toEqual([false, false])
    expect(gone).toBeGreaterThan(0)
    await writer.end()
    expect(vi.getTimerCount()).toBe(0)
  })
})
