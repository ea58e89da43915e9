import { describe, expect, test } from "vitest"
import { bytes, type Codec, isMillraceError, json, MillraceError, text } from "../../src/client/index.ts"
import { ClientScene } from "../support/client-scene.ts"
import { type Message, upTo } from "../support/http.ts"

const scene = new ClientScene()

/** A WebSocket that counts what its client says. */
class CountingSocket extends WebSocket {
  static messages = 0
  override send(data: string): void {
    CountingSocket.messages++
    super.send(data)
  }
}

const received = (queue: string): Promise<Message[]> => scene.receive(`/v1/queues/${queue}`, { maxMessages: 100 })
/** A loaded machine is slow and not wrong. */
const PATIENTLY = { timeout: 20_000 }
const anyId: unknown = expect.any(String)
const codeOf = (error: unknown): string => (error as MillraceError).code

describe("a message", () => {
  test("[W50] is stored with all that was said of it", async () => {
    const queue = await scene.queueName({ ordering: "fifo", dedupWindowMs: 60_000 })
    const client = await scene.connect()
    const { id } = await client.queue(queue).send(
      { n: 1, ü: "ß" },
      {
        groupId: "gröup",
        headers: { a: "1", b: "ü" },
        dedupId: "x",
      },
    )
    const again = await client.queue(queue).send({ n: 2 }, { groupId: "gröup", dedupId: "x" })
    expect(again.id).toBe(id)
    expect(await received(queue)).toMatchObject([
      { id, body: { n: 1, ü: "ß" }, groupId: "gröup", headers: { a: "1", b: "ü" }, deliveryCount: 1 },
    ])
  })

  test("[W27] is held back by delayMs and deliverAt, and has its ttlMs", async () => {
    const queue = await scene.queueName()
    const jobs = (await scene.connect()).queue(queue)
    await jobs.send("late", { delayMs: 3_600_000 })
    await jobs.send("later", { deliverAt: new Date(Date.now() + 3_600_000) })
    await jobs.send("now", { ttlMs: 3_600_000 })
    expect(await received(queue)).toMatchObject([{ body: "now" }])
    expect(await scene.statistics(`/v1/queues/${queue}`)).toMatchObject({ scheduled: 2 })
  })

  test("[W51] is JSON, text or bytes as its codec says, or what a codec of one's own makes of it", async () => {
    const queue = await scene.queueName()
    const client = await scene.connect()
    const framed: Codec<string> = {
      encode: (value) => `<${value}>`,
      decode: (value) => text.decode(value).slice(1, -1),
    }
    await client.queue(queue, { codec: json<number[]>() }).send([1, 2])
    await client.queue(queue, { codec: text }).send("ü")
    await client.queue(queue, { codec: bytes }).send(Uint8Array.of(255, 0))
    await client.queue(queue, { codec: framed }).send("abc")
    expect(await received(queue)).toMatchObject([
      { body: [1, 2] },
      { body: "ü" },
      { bodyBase64: "/wA=" },
      { body: "<abc>" },
    ])
  })

  test("[W5] goes with everything that is sent in the same turn, in its order", async () => {
    const queue = await scene.queueName()
    const client = await scene.connect({ webSocket: CountingSocket })
    const jobs = client.queue(queue)
    await jobs.send("first")
    const before = CountingSocket.messages
    const sent = await Promise.all(upTo(90).map((n) => jobs.send(n)))
    expect(CountingSocket.messages - before).toBe(1)
    expect(new Set(sent.map(({ id }) => id)).size).toBe(90)
    expect((await received(queue)).map(({ body }) => body)).toEqual(["first", ...upTo(90)])
  })

  test("[W5] waits for others where the queue is told to linger", async () => {
    const queue = await scene.queueName()
    const client = await scene.connect({ webSocket: CountingSocket })
    const jobs = client.queue(queue, { lingerMs: 50 })
    await jobs.send("first")
    const before = CountingSocket.messages
    const first = jobs.send("a")
    // another turn, long before the end of the wait
    await new Promise<void>((resolve) => setImmediate(resolve))
    await Promise.all([first, jobs.send("b")])
    expect(CountingSocket.messages - before).toBe(1)
  })

  test("carries what a tracing hook puts into its headers", async () => {
    const queue = await scene.queueName()
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    const client = await scene.connect({
      tracing: { inject: (headers) => void (headers["traceparent"] = traceparent) },
    })
    const headers = { a: "1" }
    await client.queue(queue).send("x", { headers })
    expect(headers).toEqual({ a: "1" })
    expect(await received(queue)).toMatchObject([{ headers: { a: "1", traceparent } }])
  })
})

describe("a refusal", () => {
  test("[W8] of one message rejects that one only, wherever it stands", async () => {
    const queue = await scene.queueName()
    const jobs = (await scene.connect()).queue(queue)
    const outcomes = await jobs.sendBatch([
      { body: 1 },
      { body: 2, groupId: "none here" },
      { body: 3, delayMs: 1.5 },
      { body: 4, headers: { "": "no name" } },
      { body: 5 },
    ])
    expect(outcomes.map(({ error }) => error?.code)).toEqual([
      undefined,
      "invalid_field",
      "invalid_field",
      "invalid_field",
      undefined,
    ])
    expect((await received(queue)).map(({ body }) => body)).toEqual([1, 5])
  })

  test("[W52] of a queue that is full comes with the time to try again", async () => {
    const queue = await scene.queueName({ maxMessages: 2 })
    const jobs = (await scene.connect()).queue(queue)
    const outcomes = await jobs.sendBatch(upTo(3).map((body) => ({ body })))
    expect(outcomes).toMatchObject([{ id: anyId }, { id: anyId }, { error: { code: "queue_full" } }])
    const error = outcomes[2]!.error!
    expect([error.retryable, error.status, typeof error.retryAfterMs]).toEqual([true, 429, "number"])
    const [message] = await received(queue)
    await scene.settle("ack", `/v1/queues/${queue}`, { receipts: [message!.receipt] })
    await jobs.send("room again")
  })

  test("has a code: of a queue that is not there, of a message that is too large, of a value that is none", async () => {
    const client = await scene.connect()
    const error = await client
      .queue("nowhere")
      .send(1)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(MillraceError)
    expect(isMillraceError(error, "not_found")).toBe(true)
    expect(isMillraceError(error, "fenced")).toBe(false)
    expect((error as MillraceError).problem).toMatchObject({ status: 404, resource: "queue", name: "nowhere" })

    const jobs = client.queue(await scene.queueName(), { codec: bytes })
    expect(await jobs.send(new Uint8Array(2 * 1024 * 1024)).catch(codeOf)).toBe("payload_too_large")
    expect(await jobs.send(new Uint8Array(1024 * 1024 + 1)).catch(codeOf)).toBe("payload_too_large")
    expect(await client.queue("x").send(undefined).catch(codeOf)).toBe("invalid_value")
    expect(await client.queue("x").send(1n).catch(codeOf)).toBe("invalid_value")
    expect(await client.queue("no name!").send(1).catch(codeOf)).toBe("invalid_name")
    await expect(jobs.send(new Uint8Array(1000 * 1024))).resolves.toMatchObject({ id: anyId })
  })
})

describe("a signal", () => {
  test("takes back what was not said", async () => {
    const queue = await scene.queueName()
    const jobs = (await scene.connect()).queue(queue, { lingerMs: 60_000 })
    const controller = new AbortController()
    const outcome = jobs.send("never", { signal: controller.signal }).catch(codeOf)
    controller.abort()
    expect(await outcome).toBe("aborted")
    expect(await jobs.send("neither", { signal: AbortSignal.abort() }).catch(codeOf)).toBe("aborted")
    await (await scene.connect()).queue(queue).send("others")
    await scene.connect().then((client) => client.queue(queue).send("go on"))
    expect((await received(queue)).map(({ body }) => body)).toEqual(["others", "go on"])
  })

  test("stops waiting for what was said, which may be stored", async () => {
    const queue = await scene.queueName()
    const proxy = await scene.proxy()
    const jobs = (await scene.connect({ url: proxy.url })).queue(queue)
    await jobs.send("first")
    proxy.freezeAnswers()
    const controller = new AbortController()
    const outcome = jobs.send("said", { signal: controller.signal }).catch(codeOf)
    await expect.poll(async () => (await scene.statistics(`/v1/queues/${queue}`))["sent"], PATIENTLY).toBe(2)
    controller.abort()
    expect(await outcome).toBe("aborted")
    proxy.thaw()
    await jobs.send("third")
    expect((await received(queue)).map(({ body }) => body)).toEqual(["first", "said", "third"])
  })
})

describe("closing", () => {
  test("sends what lingers first; later there is nothing to send with", async () => {
    const queue = await scene.queueName()
    const client = await scene.connect()
    const jobs = client.queue(queue, { lingerMs: 60_000 })
    const sent = jobs.send("lingers")
    await client.close()
    expect(await sent).toMatchObject({ id: anyId })
    expect(client.closing.aborted).toBe(true)
    expect(await jobs.send("late").catch(codeOf)).toBe("closed")
    await client.close()
  })
})
