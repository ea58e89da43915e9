import { expect, test } from "vitest"
import { sign } from "../support/aws-signer.ts"
import { eventually } from "../support/http-groups.ts"
import { type HttpScene, type Message, problem } from "../support/http.ts"
import { SocketClient } from "../support/socket-client.ts"
import type { Stored } from "./stored.ts"

const WAIT_MS = 20_000
const FORM = "application/x-www-form-urlencoded"

/** What queues of the fixtures must still do; each test has queues of its own. */
export function testStoredQueues(scene: HttpScene, { world }: Stored): void {
  const { jobs } = world
  const path = "/v1/queues/jobs"

  test("letters on their way arrive when there is somebody to take them", async () => {
    for (const [queue, body] of [
      ["/v1/queues/gone", "lost"],
      ["/v1/queues/vanished", world.flights.bodies[0]![0]],
    ] as const) {
      expect((await scene.put(queue)).status).toBe(201)
      expect(await scene.receiveOne(queue, { waitMs: WAIT_MS })).toMatchObject({ body })
    }
    expect(await scene.statistics("/v1/queues/lost")).toMatchObject({ forwarding: 0, deadLettered: 1 })
  })

  test("[Q23] a receive that is said again has the same receipts, and they acknowledge", async () => {
    const again = await scene.receive(path, { maxMessages: 2, attemptId: jobs.attempt.id })
    expect(again.map(({ receipt }) => receipt)).toEqual(jobs.attempt.receipts)
    expect(await scene.settle("ack", path, { receipts: jobs.attempt.receipts })).toEqual(["ok", "ok"])
  })

  test("a repeat of a deduplication id, and one of a producer, are what was stored", async () => {
    const { dedupId, id } = jobs.repeat
    const repeated = await scene.post(`${path}/messages`, { body: "once", dedupId })
    expect(repeated).toMatchObject({ status: 200, body: { messages: [{ id }] } })

    const client = await SocketClient.open(scene.broker)
    const { next, ...producer } = jobs.producer
    const publish = { type: "publish", queue: "jobs", messages: [{ body: "produced 0" }, { body: "produced 1" }] }
    client.send({ ...publish, ref: 1, producer: { ...producer, sequence: 0 } })
    const confirmed = await client.takeType("confirm")
    expect(confirmed["results"]).toEqual(jobs.produced.map((stored) => ({ id: stored, repeated: true })))
    client.send({ ...publish, ref: 2, producer: { ...producer, sequence: next + 1 } })
    expect(await client.takeType("error")).toMatchObject({ ref: 2, problem: { code: "sequence_gap" } })
    await client.close()
  })

  test("what was ready, and what became due since, is delivered in its order, and what is sent now behind it", async () => {
    const { soon, later } = jobs
    await scene.send(path, "new")
    await eventually(
      () => scene.statistics(path),
      ({ ready }) => ready === jobs.ready.length + 2,
    )
    const received = await scene.receive(path, { maxMessages: 100 })
    expect(received.map(bodyOf).sort()).toEqual([...jobs.ready, soon.body, "new"].sort())
    expect(received.map(bodyOf).slice(0, jobs.ready.length)).toEqual(jobs.ready)
    expect(received.find(({ id }) => id === soon.id)).toMatchObject({ body: soon.body, deliveryCount: 1 })
    const receipts = received.map(({ receipt }) => receipt)
    expect(await scene.settle("ack", path, { receipts })).toEqual(receipts.map(() => "ok"))
    expect(await scene.get(`${path}/messages/${later.id}`)).toMatchObject({
      status: 200,
      body: { state: "scheduled", dueAt: later.deliverAt, body: later.body },
    })
    const delayed = await scene.get(`${path}/messages?state=delayed`)
    expect(delayed.body).toMatchObject({ messages: [{ body: jobs.delayed, deliveryCount: 1 }] })
  })

  test("a dead letter has its history, and a redrive brings it back", async () => {
    const browsed = await scene.get("/v1/queues/letters/messages")
    expect(browsed.body).toMatchObject({ messages: [{ body: jobs.dead }] })
    expect((await scene.get("/v1/queues/letters/redrive")).body).toMatchObject({
      redrives: [{ state: "done", moved: 1, skipped: 0 }],
    })
    // to a queue of its own: nobody else is to receive it
    await scene.put("/v1/queues/revived")
    expect((await scene.post("/v1/queues/letters/redrive", { queue: "revived" })).status).toBe(202)
    expect(await scene.receiveOne("/v1/queues/revived", { waitMs: WAIT_MS })).toMatchObject({
      body: jobs.dead,
      deliveryCount: 1,
    })
  })

  test("a group that is worked on waits, the others do not", async () => {
    const { orders } = world
    const queue = "/v1/queues/orders"
    const { body, id } = orders.repeat
    const repeated = await scene.post(`${queue}/messages`, { body, groupId: "b" })
    expect(repeated.body).toEqual({ messages: [{ id }] })
    const free = await scene.receive(queue, { maxMessages: 10 })
    expect(free.map((message) => message.body)).toEqual(orders.left["b"])
    expect(await scene.settle("ack", queue, { receipts: [orders.heldReceipt] })).toEqual(["ok"])
    const rest = await scene.receive(queue, { maxMessages: 10 })
    expect(rest.map((message) => message.body)).toEqual(orders.left["a"])
  })

  test("[D28] what is in rows of the ring counts", async () => {
    const { big } = world
    const queue = "/v1/queues/big"
    const returned = await scene.receive(queue, { maxMessages: 100 })
    expect(returned.map((message) => [message.body, message.deliveryCount])).toEqual(
      big.returned.map((one) => [one, 2]),
    )
    expect(await scene.settle("ack", queue, { receipts: big.heldReceipts })).toEqual(big.heldReceipts.map(() => "ok"))
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: big.returned.length })
  })

  test("settings are what they were, and hold", async () => {
    const queue = "/v1/queues/every-setting"
    expect((await scene.get(queue)).body).toMatchObject({ settings: EVERY_SETTING, statistics: { sent: 3 } })
    expect(await scene.receive(queue)).toEqual([])
    expect((await scene.put(queue, { deliveryPaused: false })).status).toBe(200)
    const received = await scene.receive(queue, { maxMessages: 10, waitMs: WAIT_MS })
    expect(received.map(({ groupId }) => groupId)).toHaveLength(3)
    expect(received.filter(({ groupId }) => groupId === "quiet")).toHaveLength(1)
  })

  test("a name that was deleted is free", async () => {
    expect(await scene.get("/v1/queues/deleted")).toMatchObject(problem(404, "not_found"))
    expect((await scene.put("/v1/queues/deleted")).status).toBe(201)
    await scene.send("/v1/queues/deleted", "anew")
    expect(await scene.receiveOne("/v1/queues/deleted")).toMatchObject({ body: "anew" })
  })

  test.each(world.accessKey === undefined ? [] : [world.accessKey])("an access key signs", async (key) => {
    const { url } = scene.broker
    const headers = { "content-type": FORM }
    const body = String(new URLSearchParams({ Action: "GetQueueUrl", QueueName: "jobs", Version: "2012-11-05" }))
    const signed = sign(key, { url: `${url}/`, headers, body, region: "us-east-1", at: world.recordedAt })
    const answer = await fetch(signed.url, signed)
    expect(await answer.text()).toContain(`/000000000000/jobs</QueueUrl>`)
    expect(answer.status).toBe(200)
  })

  test("[W20] what a subscription held goes back when its client does not", async () => {
    const message = await scene.receiveOne("/v1/queues/pushed", { waitMs: WAIT_MS })
    expect(message).toMatchObject({ body: jobs.subscribed, deliveryCount: 1 })
  })
}

const EVERY_SETTING = {
  fair: true,
  singleActiveConsumer: true,
  visibilityTimeoutMs: 1234,
  delayMs: 500,
  maxDeliveries: 3,
  maxAttempts: 7,
  deadLetterQueue: "letters",
  retryDelay: { kind: "exponential", baseMs: 100, maxMs: 5000, jitter: 0.5 },
  onExpiry: "dead-letter",
  dedupWindowMs: 1000,
  maxMessages: 50,
  maxBytes: 100_000,
  maxInFlight: 5,
  overflow: "drop-oldest",
  deliveryPaused: true,
}

/** As the ledger has it: text, or JSON, or base64. */
function bodyOf({ body, bodyBase64 }: Message): string {
  if (bodyBase64 !== undefined) return bodyBase64
  return typeof body === "string" ? body : JSON.stringify(body)
}
