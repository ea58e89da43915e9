import { describe, expect, test } from "vitest"
import { WebSocket as NodeWebSocket } from "ws"
import { connect, type MillraceError } from "../../src/client/index.ts"
import { startTestBroker } from "../support/broker.ts"
import { ClientScene, stateWatch } from "../support/client-scene.ts"
import { startCutProxy } from "../support/cut-proxy.ts"
import { type Message, upTo } from "../support/http.ts"

const scene = new ClientScene()
/** A loaded machine is slow and not wrong. */
const PATIENTLY = { timeout: 20_000 }
/** Nobody listens there: a connection is refused at once. */
const NOWHERE = "http://127.0.0.1:1"
const codeOf = (error: unknown): string => (error as MillraceError).code

async function bodiesIn(queue: string): Promise<unknown[]> {
  const all: Message[] = []
  for (;;) {
    const some = await scene.receive(`/v1/queues/${queue}`, { maxMessages: 100 })
    if (some.length === 0) return all.map(({ body }) => body)
    all.push(...some)
  }
}

const sentIn = async (queue: string): Promise<number | null> => (await scene.statistics(`/v1/queues/${queue}`))["sent"]!

describe("a connection", () => {
  test("[W1] is refused by its code: a token that is wrong, a broker that is not there, a signal", async () => {
    const url = scene.broker.url
    expect(await connect({ url, token: "wrong" }).catch(codeOf)).toBe("unauthorized")
    expect(await connect({ url, token: "not a token" }).catch(codeOf)).toBe("unauthorized")
    expect(await connect({ url, token: () => Promise.resolve("wrong") }).catch(codeOf)).toBe("unauthorized")
    expect(await connect({ url: NOWHERE, token: "x", connectTimeoutMs: 50 }).catch(codeOf)).toBe("unavailable")
    expect(await connect({ url: NOWHERE, token: "x", signal: AbortSignal.abort() }).catch(codeOf)).toBe("aborted")
    const controller = new AbortController()
    const connecting = connect({ url: NOWHERE, token: "x", signal: controller.signal }).catch(codeOf)
    controller.abort()
    expect(await connecting).toBe("aborted")
  })

  test("says what a token provider threw", async () => {
    const lost = new Error("no session")
    const provider = (): never => {
      throw lost
    }
    const error = await connect({ url: scene.broker.url, token: provider, connectTimeoutMs: 50 }).catch(
      (thrown: MillraceError) => thrown,
    )
    expect(error).toMatchObject({ code: "unavailable", cause: lost })
  })

  test("is made with the package ws as well", async () => {
    const queue = await scene.queueName()
    const client = await scene.connect({ webSocket: NodeWebSocket })
    await client.queue(queue).send("x")
    await client.close()
    expect(await bodiesIn(queue)).toEqual(["x"])
  })

  test("[W64] that breaks comes back, with a token that is asked for anew", async () => {
    const queue = await scene.queueName()
    const proxy = await scene.proxy()
    const watch = stateWatch()
    let asked = 0
    const token = async (): Promise<string> => {
      asked++
      // once it can't be had
      if (asked === 2) throw new Error("no session")
      return scene.broker.token
    }
    const client = await scene.connect({ url: proxy.url, token, onStateChange: watch.onStateChange })
    await client.queue(queue).send(1)
    const [away, back] = [watch.next("reconnecting"), watch.next("connected")]
    proxy.cut()
    await away
    await back
    expect(asked).toBe(3)
    await client.queue(queue).send(2)
    expect(await bodiesIn(queue)).toEqual([1, 2])
  })

  test("[W64] gives up when a token that never changes is not taken any more", async () => {
    const other = await startTestBroker({ token: "another" })
    let url = scene.broker.url
    const proxy = await startCutProxy(() => url)
    try {
      const client = await scene.connect({ url: proxy.url })
      const jobs = client.queue(await scene.queueName())
      await jobs.send(1)
      url = other.url
      proxy.cut()
      expect(await jobs.send(2).catch(codeOf)).toBe("unauthorized")
      expect(client.closing.reason).toMatchObject({ code: "unauthorized" })
    } finally {
      await proxy.close()
      await other.dispose()
    }
  })
})

describe("what is unanswered when the socket breaks", () => {
  test("[W58] is said again, and stored once: in a queue", async () => {
    const queue = await scene.queueName()
    const proxy = await scene.proxy()
    const jobs = (await scene.connect({ url: proxy.url })).queue(queue)
    await jobs.send("first")
    proxy.freezeAnswers()
    const lost = jobs.sendBatch(upTo(5).map((body) => ({ body })))
    await expect.poll(() => sentIn(queue), PATIENTLY).toBe(6)
    const waits = jobs.send("behind")
    proxy.cut()
    const outcomes = await lost
    expect(outcomes.map((outcome) => outcome.error === undefined && outcome.repeated)).toEqual(upTo(5).map(() => true))
    expect(new Set(outcomes.map((outcome) => "id" in outcome && outcome.id)).size).toBe(5)
    await waits
    expect(await bodiesIn(queue)).toEqual(["first", ...upTo(5), "behind"])
  })

  test("[W58] is said again, and stored once: in every partition", async () => {
    const topic = await scene.topicName({ partitions: 3 })
    const proxy = await scene.proxy()
    const producer = (await scene.connect({ url: proxy.url })).topic<number>(topic).producer({ lingerMs: 0 })
    await Promise.all(upTo(3).map((partition) => producer.send({ value: -1, partition })))
    const sent: Promise<{ partition: number; offset: number }>[] = []
    for (const round of upTo(20)) {
      for (const value of upTo(30)) sent.push(producer.send({ key: `k${value}`, value: round * 30 + value }))
      // in the middle of it, whatever was said and answered by then
      await Promise.race(sent.slice(-30))
      proxy.cut()
    }
    const places = await Promise.all(sent)
    const { body } = await scene.get(`/v1/topics/${topic}/offsets`)
    const ends = (body as { partitions: { endOffset: number }[] }).partitions.map(({ endOffset }) => endOffset)
    expect(ends.reduce((sum, end) => sum + end)).toBe(3 + 600)
    expect(new Set(places.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(600)
    for (const key of upTo(30)) {
      const offsets = places.filter((_, nth) => nth % 30 === key).map(({ offset }) => offset)
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
    }
  })

  test("waits while the broker is away, and is over when the client is closed", async () => {
    const queue = await scene.queueName()
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    await client.queue(queue).send(1)
    proxy.down()
    const waits = client.queue(queue).send(2)
    const never = (await scene.connect()).queue(queue)
    await never.send(3)
    proxy.up()
    await waits
    proxy.down()
    const lost = client.queue(queue).send(4).catch(codeOf)
    await client.close({ timeoutMs: 0 })
    expect(await lost).toBe("closed")
    expect(await bodiesIn(queue)).toEqual([1, 3, 2])
  })

  test("is aborted with the client's own signal", async () => {
    const queue = await scene.queueName()
    const proxy = await scene.proxy()
    const controller = new AbortController()
    const client = await scene.connect({ url: proxy.url, signal: controller.signal })
    await client.queue(queue).send(1)
    proxy.freezeAnswers()
    const lost = client.queue(queue).send(2).catch(codeOf)
    const described = client.topic("any").producer().send({ value: 1 }).catch(codeOf)
    controller.abort()
    expect([await lost, await described]).toEqual(["aborted", "aborted"])
    expect(client.closing.aborted).toBe(true)
  })

  test("of one client does not touch another in the same process", async () => {
    const queue = await scene.queueName()
    const [one, other] = [await scene.connect(), await scene.connect()]
    const jobs = [one.queue(queue), other.queue(queue)]
    await Promise.all(upTo(100).map((n) => jobs[n % 2]!.send(n)))
    await one.close()
    await jobs[1]!.send(100)
    expect((await bodiesIn(queue)).toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(101))
  })
})
