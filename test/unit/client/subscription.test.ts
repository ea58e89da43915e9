import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Subscription } from "../../../src/client/consume/subscription.ts"
import type { MillraceError } from "../../../src/client/errors.ts"
import { problemOf, Script, settled } from "./script.ts"

const NOTHING = new Uint8Array(0)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A subscription whose deliveries take what the test says. */
function subscribed(room: { readonly prefetch: number; readonly maxBytes?: number }) {
  const script = new Script()
  const ends: string[] = []
  let taken = { count: 0, bytes: 0 }
  const subscription = new Subscription(
    script,
    {
      target: () => ({ queue: "jobs" }),
      begun: () => {},
      delivered: () => taken,
      ended: (error: MillraceError) => error.code === "unavailable",
      failed: (error: MillraceError) => void ends.push(error.code),
    },
    room,
  )
  subscription.open()
  const deliver = (sub: number, count: number, bytes: number): void => {
    taken = { count, bytes }
    script.tell({ type: "deliver", sub, bytes: bytes + 10 * count, batch: true }, NOTHING)
  }
  return { script, subscription, deliver, ends }
}

test("[W14] [W15] credit is renewed in totals when half of it is free again, behind what happens in a turn", async () => {
  const { script, subscription, deliver } = subscribed({ prefetch: 10, maxBytes: 1_000 })
  expect(script.news()).toEqual([
    { type: "subscribe", sub: 0, queue: "jobs", credit: 10, creditBytes: 1_000, binary: true },
  ])
  deliver(0, 6, 60)
  subscription.release(0, 60)
  for (let released = 0; released < 4; released++) subscription.release(1, 0)
  await settled()
  expect(script.news()).toEqual([])
  subscription.release(1, 0)
  subscription.release(1, 0)
  await settled()
  // 120 bytes were delivered as the broker counts
  expect(script.news()).toEqual([{ type: "credit", sub: 0, credit: 16, creditBytes: 1_120 }])
})

test("[W14] credit is renewed at once where all is used up and nothing waits", async () => {
  const { script, subscription, deliver } = subscribed({ prefetch: 10 })
  script.news()
  deliver(0, 10, 100)
  subscription.release(1, 0)
  await settled()
  expect(script.news()).toEqual([])
  subscription.release(0, 100)
  await settled()
  expect(script.news()).toMatchObject([{ type: "credit", credit: 11 }])
})

test("[W14] bytes are granted anew when half of what may wait has been taken", async () => {
  const { script, subscription, deliver } = subscribed({ prefetch: 1_000, maxBytes: 1_000 })
  script.news()
  deliver(0, 2, 1_200)
  await settled()
  expect(script.news()).toEqual([])
  subscription.release(0, 600)
  await settled()
  expect(script.news()).toEqual([{ type: "credit", sub: 0, credit: 1_000, creditBytes: 1_620 }])
})

test("[W55] after a break the totals begin anew, less what is still held", async () => {
  const { script, subscription, deliver } = subscribed({ prefetch: 10, maxBytes: 1_000 })
  deliver(0, 8, 300)
  script.interrupt()
  subscription.release(0, 300)
  subscription.release(3, 0)
  await settled()
  script.news()
  script.reconnect()
  expect(script.news()).toMatchObject([{ type: "subscribe", credit: 5, creditBytes: 1_000 }])
})

test("[W60] what is drained is granted nothing, also after a break", async () => {
  const { script, subscription, deliver } = subscribed({ prefetch: 2 })
  deliver(0, 2, 0)
  script.news()
  const drained = subscription.drain()
  subscription.release(2, 0)
  await settled()
  expect(script.news()).toEqual([{ type: "drain", sub: 0 }])
  script.interrupt()
  await drained
  script.reconnect()
  expect(script.news()).toMatchObject([{ type: "subscribe", credit: 0 }])
})

test("[W13] it has ended when the broker says so, or when the socket is gone", async () => {
  const { script, subscription, ends } = subscribed({ prefetch: 2 })
  const ended = subscription.end()
  script.tell({ type: "unsubscribed", sub: 0 })
  await ended
  const other = subscribed({ prefetch: 2 })
  const alsoEnded = other.subscription.end()
  other.script.interrupt()
  await alsoEnded
  other.script.news()
  other.script.reconnect()
  expect(other.script.news()).toEqual([])
  expect([...ends, ...other.ends]).toEqual([])
})

test("[W21] it begins again under another number where its end may pass, and fails where not", async () => {
  const { script, ends } = subscribed({ prefetch: 2 })
  script.news()
  script.tell({ type: "unsubscribed", sub: 0, problem: problemOf("unavailable") })
  await vi.advanceTimersByTimeAsync(50)
  expect(script.news()).toMatchObject([{ type: "subscribe", sub: 1 }])
  // what is still said of the old number means nothing
  script.tell({ type: "error", sub: 0, problem: problemOf("not_found") })
  expect(ends).toEqual([])
  script.tell({ type: "error", sub: 1, problem: problemOf("not_found") })
  expect(ends).toEqual(["not_found"])
})
