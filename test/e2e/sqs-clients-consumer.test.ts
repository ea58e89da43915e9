import type { Message } from "@aws-sdk/client-sqs"
import { Consumer, type ConsumerOptions } from "sqs-consumer"
import { afterEach, describe, expect, it, vi } from "vitest"
import { signal } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"
import { PATIENCE, SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()
const running = new Set<Consumer>()

afterEach(() => {
  for (const consumer of running) consumer.stop({ abort: true })
  running.clear()
})

describe("sqs-consumer", () => {
  it("[X90] handles messages one by one, and deletes them", async () => {
    const queueUrl = await scene.standardQueue()
    const seen: string[] = []
    const failures = consume({
      queueUrl,
      batchSize: 10,
      handleMessage: (message) => {
        seen.push(message.Body!)
        return Promise.resolve(message)
      },
    })
    await sendAll(queueUrl, upTo(10).map(String))
    await vi.waitFor(() => expect(seen).toHaveLength(10), PATIENCE)
    await untilEmpty(queueUrl)
    expect(seen.toSorted()).toEqual(upTo(10).map(String))
    expect(failures).toEqual([])
  })

  it("[X90] handles batches, and gets again what its handler did not return", async () => {
    const queueUrl = await scene.standardQueue()
    await sendAll(queueUrl, ["good", "bad", "good too"])
    let refusals = 0
    const failures = consume({
      queueUrl,
      batchSize: 10,
      visibilityTimeout: 1,
      handleMessageBatch: (messages) => {
        const good = messages.filter(({ Body }) => Body !== "bad")
        refusals += messages.length - good.length
        return Promise.resolve(good)
      },
    })
    await vi.waitFor(async () => {
      expect(refusals).toBeGreaterThan(2)
      const { visible, inFlight } = await scene.counts(queueUrl)
      expect(visible + inFlight).toBe(1)
    }, PATIENCE)
    expect(failures).toEqual([])
  })

  it("[X90] keeps a message hidden by its heartbeat for as long as it is worked on", async () => {
    const queueUrl = await scene.standardQueue()
    await sendAll(queueUrl, ["slow"])
    const stolen: (readonly Message[])[] = []
    const failures = consume({
      queueUrl,
      visibilityTimeout: 5,
      heartbeatInterval: 1,
      handleMessage: async (message) => {
        // beyond the timeout with which the message was received
        const { Messages } = await scene.sqs.receiveMessage({ QueueUrl: queueUrl, WaitTimeSeconds: 8 })
        stolen.push(Messages ?? [])
        return message
      },
    })
    await vi.waitFor(() => expect(stolen).toEqual([[]]), PATIENCE)
    await untilEmpty(queueUrl)
    expect(failures).toEqual([])
  })

  it("[X90] gives a message back at once with terminateVisibilityTimeout", async () => {
    const queueUrl = await scene.standardQueue({ VisibilityTimeout: "600" })
    await sendAll(queueUrl, ["twice"])
    const counts: (string | undefined)[] = []
    const failures = consume({
      queueUrl,
      terminateVisibilityTimeout: true,
      messageSystemAttributeNames: ["ApproximateReceiveCount"],
      handleMessage: (message) => {
        const count = message.Attributes?.["ApproximateReceiveCount"]
        counts.push(count)
        return count === "1" ? Promise.reject(new Error("not today")) : Promise.resolve(message)
      },
    })
    await vi.waitFor(() => expect(counts).toEqual(["1", "2"]), PATIENCE)
    await untilEmpty(queueUrl)
    expect(failures).toEqual(["processing_error: Unexpected message handler failure: not today"])
  })

  it("[X90] leaves what it can't handle to the dead-letter queue", async () => {
    const { queue, dead } = await scene.queueWithDeadLetters(2)
    const failures = consume({
      queueUrl: queue,
      terminateVisibilityTimeout: true,
      handleMessage: () => Promise.reject(new Error("never")),
    })
    await sendAll(queue, ["poison"])
    const letters: Message[] = []
    consume({
      queueUrl: dead,
      messageSystemAttributeNames: ["DeadLetterQueueSourceArn"],
      handleMessage: (message) => {
        letters.push(message)
        return Promise.resolve(message)
      },
    })
    await vi.waitFor(() => expect(letters).toHaveLength(1), PATIENCE)
    expect(letters[0]).toMatchObject({
      Body: "poison",
      Attributes: { DeadLetterQueueSourceArn: await scene.arn(queue) },
    })
    expect(failures).toHaveLength(2)
  })

  it("[X90] keeps the order of a fifo queue's groups", async () => {
    const queueUrl = await scene.fifoQueue({ ContentBasedDeduplication: "true" })
    const sent = upTo(20).map((index) => ({ MessageBody: `message ${index}`, MessageGroupId: `group-${index % 3}` }))
    for (const message of sent) await scene.sqs.sendMessage({ QueueUrl: queueUrl, ...message })
    const seen = new Map<string, string[]>()
    const failures = consume({
      queueUrl,
      batchSize: 4,
      suppressFifoWarning: true,
      messageSystemAttributeNames: ["MessageGroupId"],
      handleMessageBatch: (messages) => {
        for (const { Attributes, Body } of messages) {
          const group = Attributes!["MessageGroupId"]!
          seen.set(group, [...(seen.get(group) ?? []), Body!])
        }
        return Promise.resolve(messages)
      },
    })
    await vi.waitFor(() => expect([...seen.values()].flat()).toHaveLength(20), PATIENCE)
    for (const [group, bodies] of seen) {
      const expected = sent.filter(({ MessageGroupId }) => MessageGroupId === group)
      expect(bodies).toEqual(expected.map(({ MessageBody }) => MessageBody))
    }
    expect(failures).toEqual([])
  })

  it("[X90] loses nothing when it is stopped in the middle of a poll", async () => {
    const queueUrl = await scene.standardQueue({ VisibilityTimeout: "600" })
    const polling = signal()
    const consumer = new Consumer({
      queueUrl,
      sqs: scene.sqs,
      preReceiveMessageCallback: () => Promise.resolve(polling.give()),
      handleMessage: (message) => Promise.resolve(message),
    })
    consumer.on("error", () => {})
    consumer.start()
    await polling.given
    // by the time that another wait is over, that of the consumer has long begun
    await scene.sqs.receiveMessage({ QueueUrl: await scene.standardQueue(), WaitTimeSeconds: 2 })
    consumer.stop({ abort: true })
    await sendAll(queueUrl, ["still here"])
    const { Messages } = await scene.sqs.receiveMessage({ QueueUrl: queueUrl, WaitTimeSeconds: 20 })
    expect(Messages).toMatchObject([{ Body: "still here" }])
  })

  it("[X90] is told by name what it may not, and what is not there", async () => {
    const codes: string[] = []
    const queueUrl = `${scene.broker.url}/${scene.key.accountId}/absent`
    const stranger = scene.sdk({ credentials: { ...scene.key, secretAccessKey: "wrong" } })
    for (const sqs of [scene.sqs, stranger]) {
      const consumer = new Consumer({ queueUrl, sqs, handleMessage: (message) => Promise.resolve(message) })
      running.add(consumer)
      consumer.on("error", (error) => codes.push((error as Error & { code: string }).code))
      consumer.start()
    }
    await vi.waitFor(() => expect(codes.toSorted()).toEqual(["QueueDoesNotExist", "SignatureDoesNotMatch"]), PATIENCE)
  })
})

/** Starts a consumer; what goes wrong with it is in the list. */
function consume(options: ConsumerOptions): readonly string[] {
  const failures: string[] = []
  const consumer = Consumer.create({ sqs: scene.sqs, ...options })
  running.add(consumer)
  const note = (event: string) => (error: Error) => {
    if (running.has(consumer)) failures.push(`${event}: ${error.message}`)
  }
  consumer.on("error", note("error"))
  consumer.on("processing_error", note("processing_error"))
  consumer.on("timeout_error", note("timeout_error"))
  consumer.start()
  return failures
}

async function sendAll(QueueUrl: string, bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }))
  const { Failed } = await scene.sqs.sendMessageBatch({ QueueUrl, Entries })
  expect(Failed ?? []).toEqual([])
}

function untilEmpty(queueUrl: string): Promise<void> {
  return vi.waitFor(async () => expect(await scene.counts(queueUrl)).toEqual({ visible: 0, inFlight: 0 }), PATIENCE)
}
