import { expect, test } from "vitest"
import { Entry } from "../../../src/client/entry.ts"
import { Router } from "../../../src/client/router.ts"

test("a producer is held back while more than its buffer waits, also before anything is known of the topic", async () => {
  const closing = new AbortController().signal
  const unanswered = { call: () => new Promise<never>(() => {}), closing, sockets: 1 }
  const router = new Router({
    connection: unanswered,
    topic: "t",
    lingerMs: 0,
    maxBatchBytes: 1_000,
    maxBufferedBytes: 1_000,
    identify: async () => null,
    fenced: () => {},
  })
  const wire = { format: "bytes", value: new Uint8Array(600), key: null, headers: [], producedAt: null } as const
  await router.ready()
  const first = new AbortController()
  const entries = [new Entry(wire, null, first.signal), new Entry(wire, null, undefined)]
  for (const entry of entries) {
    entry.stored.catch(() => {})
    router.add(entry)
  }
  let isReady = false
  const ready = router.ready().then(() => (isReady = true))
  await new Promise((resolve) => setTimeout(resolve))
  expect(isReady).toBe(false)
  // what waits is refused, and there is room
  router.reject(Object.assign(new Error("gone"), { code: "not_found" }) as never)
  await ready
})
