import { type ISquissOptions, type Message, Squiss } from "squiss-ts"
import { afterEach, describe, expect, it, vi } from "vitest"
import { upTo } from "../support/http.ts"
import { nameIn, PATIENCE, SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()
const running = new Set<Squiss>()

afterEach(async () => {
  await Promise.all([...running].map((squiss) => squiss.stop(false, 1)))
  running.clear()
})

describe("squiss-ts", () => {
  it("[X90] makes a queue, fills it, empties it and deletes it", async () => {
    const queueName = scene.newName()
    const squiss = squissOf({ queueName, visibilityTimeoutSecs: 40 })
    const queueUrl = await squiss.createQueue()
    expect(await squiss.getQueueVisibilityTimeout()).toBe(40)
    expect(await squiss.getQueueMaximumMessageSize()).toBe(262_144)
    await squiss.sendMessage("to be purged")
    await squiss.purgeQueue()
    expect(await scene.counts(queueUrl)).toEqual({ visible: 0, inFlight: 0 })
    await squiss.deleteQueue()
    await expect(squissOf({ queueName }).getQueueUrl()).rejects.toMatchObject({ name: "QueueDoesNotExist" })
  })

  it("[X90] finds a queue by its name and owner, and corrects its URL", async () => {
    const queue = await scene.standardQueue()
    const { accountId: accountNumber } = scene.key
    const squiss = squissOf({ queueName: nameIn(queue), accountNumber, correctQueueUrl: true })
    expect(await squiss.getQueueUrl()).toBe(queue)
  })

  it("[X90] sends more than a batch, and works on everything once", async () => {
    const queueName = nameIn(await scene.standardQueue())
    const sender = squissOf({ queueName })
    const bodies = upTo(23).map((number) => ({ number }))
    const attributes = { kind: "numbered", weight: 12.5, bytes: new Uint8Array([0, 255]) }
    const sent = await sender.sendMessages(bodies, undefined, attributes)
    expect(sent.Failed).toEqual([])
    expect(sent.Successful).toHaveLength(23)
    const { seen, squiss } = work({ queueName, bodyFormat: "json", receiveAttributes: ["All"], maxInFlight: 7 })
    await squiss.start()
    await vi.waitFor(() => expect(seen).toHaveLength(23), PATIENCE)
    expect(seen.map(({ body }) => (body as { number: number }).number).toSorted((one, other) => one - other)).toEqual(
      upTo(23),
    )
    expect(seen[0]!.attributes).toMatchObject({ kind: "numbered", weight: 12.5 })
    await vi.waitFor(async () => {
      expect(await scene.counts(await sender.getQueueUrl())).toEqual({ visible: 0, inFlight: 0 })
    }, PATIENCE)
  })

  it("[X90] gives back what it releases", async () => {
    const queueUrl = await scene.standardQueue({ VisibilityTimeout: "600" })
    const sender = squissOf({ queueUrl })
    await sender.sendMessage({ retry: true })
    const receiveSqsAttributes = ["ApproximateReceiveCount" as "All"]
    const counts: string[] = []
    const squiss = squissOf({ queueUrl, bodyFormat: "json", receiveSqsAttributes })
    running.add(squiss)
    squiss.on("message", (message) => {
      const count = message.sqsAttributes["ApproximateReceiveCount"]!
      counts.push(count)
      void (count === "1" ? message.release() : message.del())
    })
    await squiss.start()
    await vi.waitFor(() => expect(counts).toEqual(["1", "2"]), PATIENCE)
  })

  it("[X90] extends what it works on for long", async () => {
    const queueUrl = await scene.standardQueue()
    await squissOf({ queueUrl }).sendMessage("slow")
    const squiss = squissOf({ queueUrl, autoExtendTimeout: true, visibilityTimeoutSecs: 6, advancedCallMs: 5_000 })
    running.add(squiss)
    const received: Message[] = []
    let extended = 0
    squiss.on("message", (message) => received.push(message))
    squiss.on("timeoutExtended", () => extended++)
    await squiss.start()
    const { Messages } = await vi.waitFor(async () => {
      expect(received).toHaveLength(1)
      return scene.sqs.receiveMessage({ QueueUrl: queueUrl, WaitTimeSeconds: 9 })
    }, PATIENCE)
    expect(Messages).toBeUndefined()
    expect(extended).toBeGreaterThan(0)
    await received[0]!.del()
    expect(received).toHaveLength(1)
  })

  it("[X90] keeps order and deduplicates on a fifo queue", async () => {
    const queueUrl = await scene.fifoQueue()
    const sender = squissOf({ queueUrl })
    for (const number of [1, 2, 3, 3]) {
      const ids = { FIFO_MessageGroupId: "anna", FIFO_MessageDeduplicationId: `d${number}` }
      await sender.sendMessage(`body ${number}`, undefined, ids)
    }
    const { seen, squiss } = work({ queueUrl })
    await squiss.start()
    await vi.waitFor(() => expect(seen).toHaveLength(3), PATIENCE)
    expect(seen.map(({ body }) => body as string)).toEqual(["body 1", "body 2", "body 3"])
  })

  // Unpacking is done by threads, and squiss hands on what is ready first: it keeps no order here.
  it("[X90] packs its bodies, and unpacks what it receives", async () => {
    const queueUrl = await scene.standardQueue()
    const sender = squissOf({ queueUrl, gzip: true })
    for (const number of [1, 2, 3]) await sender.sendMessage(`body ${number}`)
    const { seen, squiss } = work({ queueUrl, receiveAttributes: ["All"] })
    await squiss.start()
    await vi.waitFor(() => expect(seen).toHaveLength(3), PATIENCE)
    expect(seen.map(({ body }) => body as string).toSorted()).toEqual(["body 1", "body 2", "body 3"])
  })
})

function squissOf(options: ISquissOptions): Squiss {
  return new Squiss({ SQS: scene.sqs, receiveWaitTimeSecs: 20, deleteWaitMs: 50, ...options })
}

/** A worker that deletes what it gets; to be started. */
function work(options: ISquissOptions): { readonly squiss: Squiss; readonly seen: readonly Message[] } {
  const squiss = squissOf(options)
  running.add(squiss)
  const seen: Message[] = []
  squiss.on("message", (message) => {
    seen.push(message)
    void message.del()
  })
  return { squiss, seen }
}
