import { afterAll, beforeAll, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { ask } from "../support/load.ts"
import { emptyOrderedHistory, OrderedLoad } from "../support/ordered-load.ts"

const KILLS = 3
/** Longer than any restart takes, so that a repeated receive finds its messages. */
const VISIBILITY_TIMEOUT_MS = 10_000
let broker: TestBroker
const history = emptyOrderedHistory()

beforeAll(async () => {
  broker = await startTestBroker()
  const settings = { visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS }
  await ask(broker, "PUT", "/v1/queues/ordered", { ...settings, ordering: "fifo" })
  await ask(broker, "PUT", "/v1/queues/later", settings)
  const stop = new AbortController()
  const load = new OrderedLoad(broker, history, stop.signal)
  const running = load.run()
  for (let run = 0; run < KILLS; run++) {
    // at another point of its work each time
    await new Promise((resolve) => setTimeout(resolve, 700 + run * 137))
    await broker.kill9()
    await broker.restart()
  }
  stop.abort()
  await running
  await Promise.all(["ordered", "later"].map((queue) => load.drain(queue, VISIBILITY_TIMEOUT_MS + 1_000)))
})

afterAll(() => broker.dispose())

it("was killed under load: much was sent in order and scheduled, and some requests got no answer", () => {
  expect([...history.confirmed.values()].every((count) => count > 20)).toBe(true)
  expect(history.dueAt.size).toBeGreaterThan(10)
  expect(history.unanswered).toBeGreaterThan(0)
})

it("[Q1] [Q30] [Q34] every send that was repeated until it was answered is one message, through kill -9", () => {
  const sent = [...history.confirmed].flatMap(([group, count]) =>
    Array.from({ length: count }, (_, number) => `${group}:${number}`),
  )
  const expected = [...sent, ...history.dueAt.keys()].toSorted()
  expect([...new Set(history.observed.map(({ body }) => body))].toSorted()).toEqual(expected)
  const idsByQueue = new Set(history.observed.map(({ body, id }) => `${body.startsWith("later")} ${id}`))
  expect(idsByQueue.size).toBe(expected.length)
})

it("[Q14] a group's messages came in order, through kill -9 and restart", () => {
  expect(history.outOfOrder).toEqual([])
})

it("[Q22] nothing came before its time, and all that was scheduled came, through kill -9 and restart", () => {
  const early = history.observed.filter(({ body, receivedAt }) => receivedAt < (history.dueAt.get(body) ?? 0))
  expect(early).toEqual([])
})

it("[Q43] [Q46] nothing is left, to the byte", async () => {
  for (const queue of ["ordered", "later"]) {
    const { body } = (await ask(broker, "GET", `/v1/queues/${queue}`))!
    expect(body.statistics).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, scheduled: 0, bytes: 0 })
  }
})
