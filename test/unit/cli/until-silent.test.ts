import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { untilSilent } from "../../../src/cli/commands/until-silent.ts"
import { MillraceError } from "../../../src/client/index.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const never = new AbortController().signal

/** As the client's loops: items at their times, and `aborted` once the signal is. */
async function* items(signal: AbortSignal, pausesMs: readonly number[]): AsyncGenerator<number> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new MillraceError("aborted", "aborted")))
  })
  for (const pauseMs of pausesMs) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, pauseMs)), aborted])
    yield pauseMs
  }
  await aborted
}

async function taken(silentMs: number, pausesMs: readonly number[], signal = never): Promise<number[]> {
  const all: number[] = []
  for await (const item of untilSilent((ended) => items(ended, pausesMs), silentMs, signal)) all.push(item)
  return all
}

describe("until nothing comes", () => {
  it("the time begins anew with each item", async () => {
    const all = taken(100, [90, 90, 90, 110, 10])
    await vi.advanceTimersByTimeAsync(500)
    expect(await all).toEqual([90, 90, 90])
  })

  it("whoever works on an item does not use up the time", async () => {
    const all: number[] = []
    const loop = (async () => {
      for await (const item of untilSilent((ended) => items(ended, [10, 10]), 100, never)) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        all.push(item)
      }
    })()
    await vi.advanceTimersByTimeAsync(5000)
    await loop
    expect(all).toEqual([10, 10])
  })

  it("without a time it goes on until it is aborted", async () => {
    const abort = new AbortController()
    const all = taken(Number.POSITIVE_INFINITY, [10, 1e9], abort.signal)
    await vi.advanceTimersByTimeAsync(5e8)
    abort.abort()
    expect(await all).toEqual([10])
  })

  it("a time that no timer can wait for is cut", async () => {
    const all = taken(2 ** 40, [10])
    await vi.advanceTimersByTimeAsync(2 ** 31 + 1000)
    expect(await all).toEqual([10])
  })

  it("what else fails is thrown", async () => {
    // eslint-disable-next-line require-yield
    async function* broken(): AsyncGenerator<number> {
      await Promise.resolve()
      throw new MillraceError("not_found", "gone")
    }
    await expect(untilSilent(broken, 100, never).next()).rejects.toThrow("gone")
  })
})
