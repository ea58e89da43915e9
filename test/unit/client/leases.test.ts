import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { HandlerLoop } from "../../../src/client/consume/handler-loop.ts"
import type { Delivered, Lease } from "../../../src/client/consume/lease.ts"
import { Leases } from "../../../src/client/consume/leases.ts"
import { Script, settled } from "./script.ts"

const LEASE_MS = 1_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Leases of a queue with one that was taken, and why it was lost. */
function scene(): { script: Script; leases: Leases<Delivered>; lease: Lease<Delivered>; lost: string[] } {
  const script = new Script()
  const record = { format: "text", value: new Uint8Array(1), key: null, headers: [], producedAt: null }
  const entry = { receipt: "r1", deliveryCount: 1, record } as unknown as Delivered
  const decode = (): Delivered[] => [entry]
  const kind = { target: { queue: "jobs" }, timeField: "visibilityTimeoutMs", decode, ordered: true } as const
  const leases = new Leases<Delivered>(script as never, kind, LEASE_MS)
  leases.add({}, { prefetch: 5 })
  script.tell({ type: "subscribed", sub: 0, resume: "token" })
  script.tell({ type: "deliver", sub: 0, bytes: 1 }, new Uint8Array(1))
  const lost: string[] = []
  const lease = leases.take()!
  lease.onLost = ({ code }) => void lost.push(code)
  return { script, leases, lease, lost }
}

test("what is worked on is lost when its time is over while the broker is away, and not before", async () => {
  const { script, lost } = scene()
  script.interrupt()
  await vi.advanceTimersByTimeAsync(LEASE_MS - 1)
  expect(lost).toEqual([])
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(lost).toEqual(["receipt_expired"])
  script.news()
  script.reconnect()
  expect(script.news()).toMatchObject([{ type: "subscribe", resume: { token: "token", receipts: [] } }])
})

test("what is worked on is not lost while an answer may say that it was kept", async () => {
  const { script, leases, lost } = scene()
  await vi.advanceTimersByTimeAsync(2 * LEASE_MS)
  expect(script.calls.map(({ frame }) => frame.type)).toEqual(["extend"])
  script.calls[0]!.answer({ results: [{ ok: true }] })
  await settled()
  expect([lost, [...leases.sources[0]!.leases].length]).toEqual([[], 1])
})

test("who stops with a timeout does not wait for a broker that does not answer", async () => {
  const { script, leases } = scene()
  const context = { connection: script } as never
  const make = () => Promise.reject(new Error("there is none"))
  const loop = new HandlerLoop({ context, leases, make, handler: () => {}, concurrency: 1, options: {} })
  const story: string[] = []
  const stopped = loop.stop({ timeoutMs: 500 }).then(() => story.push("stopped"))
  await vi.advanceTimersByTimeAsync(499)
  expect(script.news().at(-1)).toEqual({ type: "drain", sub: 0 })
  await vi.advanceTimersByTimeAsync(1)
  expect(script.news()).toEqual([{ type: "unsubscribe", sub: 0 }])
  await vi.advanceTimersByTimeAsync(2_000)
  await stopped
  expect(story).toEqual(["stopped"])
})

test("nothing is added to what is drained", async () => {
  const { script, leases } = scene()
  let isEnded = false
  leases.onEnd = () => (isEnded = true)
  const drained = leases.drain()
  expect(isEnded).toBe(true)
  script.tell({ type: "drained", sub: 0 })
  await drained
})
