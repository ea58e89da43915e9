import { afterEach, expect, test } from "vitest"
import { profileOf } from "./runtime/profile.ts"
import { endScene, LONG_MS, send, startScene } from "./runtime/queue-scene.ts"
import type { Runtime } from "./runtime/runtime.ts"

afterEach(endScene)

const TROUBLE = profileOf({
  lostRequest: 0.02,
  lostAnswer: 0.02,
  lostCall: 0.02,
  lostReply: 0.02,
  overloaded: 0.02,
  slow: 0.05,
  cutClientSocket: 0.05,
  cutObjectSocket: 0.05,
  crash: 0.01,
  evict: 0.1,
  failCommit: 0.01,
  repeatAlarm: 0.2,
  endWorker: 0.005,
  pause: 0.01,
  clockJump: 0.01,
})

/** Much at once, with everything going wrong. */
async function troubled(seed: number): Promise<{ trace: string; runtime: Runtime }> {
  const runtime = await startScene(TROUBLE, { deadLetterQueue: null, visibilityTimeoutMs: 2_000 }, seed)
  const clients = Array.from({ length: 5 }, async (_, client) => {
    const socket = client === 0 ? await runtime.connect() : null
    socket?.send({ type: "subscribe", sub: 1, queue: "jobs", credit: 100 })
    for (let at = 0; at < 30; at++) {
      socket?.send({ type: "publish", ref: at, queue: "jobs", messages: [{ body: `socket/${at}` }] })
      await send(runtime, `${client}/${at}`, { delayMs: client === 1 ? 500 : 0 })
      if (client > 2) await runtime.request("POST", "/v1/queues/jobs/receive", { waitMs: 100 })
      await runtime.sleep(50)
    }
  })
  await runtime.runUntil(Promise.all(clients), 10 * LONG_MS)
  const trace = runtime.trace.join("\n")
  endScene()
  return { trace, runtime }
}

test("the same seed gives the same run, to the letter, and another seed another", async () => {
  const [one, other, again] = [await troubled(7), await troubled(8), await troubled(7)]
  expect(again.trace).toBe(one.trace)
  expect(other.trace).not.toBe(one.trace)
  expect(one.runtime.errors).toEqual([])
})

test("each thing that can go wrong does", async () => {
  const faults: Record<string, number> = {}
  for (let seed = 1; seed <= 5; seed++) {
    const { runtime } = await troubled(seed)
    for (const [kind, times] of Object.entries(runtime.faults)) faults[kind] = (faults[kind] ?? 0) + times
    expect(runtime.errors).toEqual([])
  }
  expect(Object.entries(faults).filter(([, times]) => times === 0)).toEqual([])
})
