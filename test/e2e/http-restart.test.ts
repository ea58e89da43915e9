import { expect, it } from "vitest"
import { HttpScene, upTo } from "../support/http.ts"

const scene = new HttpScene()
/** Dead letters move in the background. */
const POLL = { timeout: 10_000 }

/** What is at a path, but for what is of the last minute only. */
async function lasting(path: string): Promise<string> {
  const { status, body } = await scene.get(path)
  return JSON.stringify([status, body], (key, value: unknown) => (key === "rates" ? undefined : value))
}

it("[H38] names, settings, messages, leases and records are there again after kill -9", async () => {
  const letters = await scene.queue()
  const settings = {
    visibilityTimeoutMs: 1_500,
    maxDeliveries: 9,
    deadLetterQueue: letters.slice("/v1/queues/".length),
    retryDelay: { kind: "linear", stepMs: 1, maxMs: 2 },
  }
  const queue = await scene.queue(settings)
  const topic = await scene.topic({ partitions: 3 })
  const gone = await scene.queue()
  await scene.delete(gone)
  const ids = await scene.send(queue, ...upTo(30))
  const [acked, held, rejected, delayed] = await scene.receive(queue, { maxMessages: 4 })
  await scene.settle("ack", queue, { receipts: [acked!.receipt] })
  await scene.settle("extend", queue, { receipts: [held!.receipt], visibilityTimeoutMs: 60_000 })
  await scene.settle("nack", queue, { receipts: [rejected!.receipt], reject: true })
  await scene.settle("nack", queue, { receipts: [delayed!.receipt], delayMs: 60_000 })
  await scene.append(topic, ...upTo(30).map((n) => ({ body: n, key: `k${n}` })))
  await scene.delete(`${topic}/partitions/1/records?before=2`)
  await expect.poll(() => scene.statistics(queue), POLL).toMatchObject({ forwarding: 0 })
  const paths = [
    "/v1/queues",
    "/v1/topics",
    queue,
    letters,
    topic,
    ...upTo(3).map((p) => `${topic}/partitions/${p}/records`),
  ]
  const before = await Promise.all(paths.map((path) => lasting(path)))

  await scene.broker.kill9()
  await scene.broker.restart()

  expect(await Promise.all(paths.map((path) => lasting(path)))).toEqual(before)
  expect(await scene.get(queue)).toMatchObject({ body: { settings, statistics: { inFlight: 1, delayed: 1 } } })
  expect((await scene.get(gone)).status).toBe(404)
  const rest = await scene.receive(queue, { maxMessages: 100 })
  expect(rest.map(({ id }) => id)).toEqual(ids.slice(4))
  expect(await scene.settle("ack", queue, { receipts: [acked!.receipt, held!.receipt] })).toEqual(["ok", "ok"])
  expect(await scene.receiveOne(letters)).toMatchObject({ body: 2 })
  const [next] = await scene.send(queue, "next")
  expect(ids).not.toContain(next)
})

it("[H38] a visibility timeout that ends while the broker is down redelivers when it is up", async () => {
  const queue = await scene.queue({ visibilityTimeoutMs: 300 })
  await scene.send(queue, "x")
  const { receipt } = await scene.receiveOne(queue)
  await scene.broker.kill9()
  await scene.broker.restart()
  const again = await scene.receiveOne(queue, { waitMs: 10_000 })
  expect(again).toMatchObject({ body: "x", deliveryCount: 2 })
  expect(await scene.settle("ack", queue, { receipts: [receipt, again.receipt] })).toEqual(["receipt_expired", "ok"])
})

it("[H38] what is remembered and being redriven goes on after kill -9", async () => {
  const letters = await scene.queue()
  const source = await scene.queue({ deadLetterQueue: letters.slice("/v1/queues/".length) })
  await scene.send(source, ...upTo(20))
  const held = await scene.receive(source, { maxMessages: 20 })
  await scene.settle("nack", source, { receipts: held.map(({ receipt }) => receipt), reject: true })
  await expect.poll(() => scene.statistics(letters), POLL).toMatchObject({ ready: 20 })
  const attempt = { attemptId: "a", visibilityTimeoutMs: 600_000 }
  const received = await scene.receive(letters, attempt)
  const once = { body: "once", dedupId: "d", delayMs: 600_000 }
  const sent = await scene.post(`${letters}/messages`, once)
  expect((await scene.post(`${letters}/redrive`, { maxMessagesPerSecond: 10 })).status).toBe(202)

  await scene.broker.kill9()
  await scene.broker.restart()

  expect(await scene.receive(letters, attempt)).toEqual(received)
  expect(await scene.post(`${letters}/messages`, once)).toMatchObject({ status: 200, body: sent.body })
  const redrives = async () => ((await scene.get(`${letters}/redrive`)).body as { redrives: object[] }).redrives
  await expect.poll(redrives, { timeout: 30_000 }).toMatchObject([{ state: "done", moved: 19, skipped: 1 }])
  await expect.poll(() => scene.statistics(source), POLL).toMatchObject({ ready: 19 })
  expect(await scene.statistics(letters)).toMatchObject({ inFlight: 1, scheduled: 1, ready: 0, redriven: 19 })
})

it("[H38] what is due while the broker is down comes when it is up", async () => {
  const queue = await scene.queue()
  const sent = await scene.post(`${queue}/messages`, { body: "later", delayMs: 500 })
  const [{ id }] = (sent.body as { messages: [{ id: string }] }).messages
  await scene.broker.kill9()
  await scene.broker.restart()
  expect(await scene.receiveOne(queue, { waitMs: 15_000 })).toMatchObject({ id, body: "later" })
})

it("[H38] ends cleanly on SIGTERM, while receives wait, and starts again", async () => {
  const queue = await scene.queue()
  await scene.send(queue, "kept")
  const empty = await scene.queue()
  const waiting = scene.receive(empty, { waitMs: 20_000 }).catch(() => null)
  expect(await scene.broker.stop()).toBe(0)
  await waiting
  await scene.broker.restart()
  expect((await scene.receiveOne(queue)).body).toBe("kept")
})
