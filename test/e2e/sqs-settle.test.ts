import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
} from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { nameOf, SqsMessages } from "../support/sqs-messages.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsMessages()
const EXPIRED = "The receipt handle has expired."
const NOT_AVAILABLE = "Message does not exist or is not available for visibility timeout change."

function remove(QueueUrl: string, { ReceiptHandle }: Pick<Message, "ReceiptHandle">) {
  return scene.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
}

function hide(QueueUrl: string, { ReceiptHandle }: Pick<Message, "ReceiptHandle">, VisibilityTimeout: number) {
  return scene.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }))
}

/** A new fifo queue with one message in it. */
async function fifoWithOne(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const queue = await scene.fifo(attributes)
  await scene.sendTo(queue, { MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "1" })
  return queue
}

function refusedHandle({ ReceiptHandle }: Pick<Message, "ReceiptHandle">, reason: string) {
  const message = `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: ${reason}`
  return { code: "InvalidParameterValue", status: 400, message }
}

describe.concurrent("deleting", () => {
  it("[X80] deletes a message, and again is fine", async () => {
    for (const queue of [await scene.standard(), await fifoWithOne()]) {
      if (!queue.endsWith(".fifo")) await scene.sendTo(queue, "x")
      const message = await scene.receiveWhole(queue)
      await remove(queue, message)
      await remove(queue, message)
      expect(await scene.held(queue)).toEqual({ ready: 0, inFlight: 0, delayed: 0 })
    }
  })

  it("[X80] with an old handle changes nothing on a standard queue", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const old = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    const current = await scene.receiveWhole(queue)
    await remove(queue, old)
    expect(await scene.held(queue)).toMatchObject({ inFlight: 1 })
    await remove(queue, current)
    expect(await scene.held(queue)).toMatchObject({ inFlight: 0 })
  })

  it("[X80] after the visibility timeout deletes what nobody received since", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    expect(await scene.held(queue)).toMatchObject({ ready: 1, inFlight: 0 })
    await remove(queue, message)
    expect(await scene.held(queue)).toEqual({ ready: 0, inFlight: 0, delayed: 0 })
  })

  it("[X81] with a handle whose time is over is refused on a fifo queue", async () => {
    const queue = await fifoWithOne()
    const old = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    await expectError(remove(queue, old), refusedHandle(old, EXPIRED))
    const current = await scene.receiveWhole(queue)
    await expectError(remove(queue, old), refusedHandle(old, EXPIRED))
    await remove(queue, current)
  })

  it("[X80] by a native receipt deletes too, and natively by the receipt in a handle", async () => {
    const queue = await scene.standard()
    const path = `/v1/queues/${nameOf(queue)}`
    await scene.send(path, "one", "two")
    const { receipt } = await scene.receiveOne(path)
    await remove(queue, { ReceiptHandle: receipt })
    const { ReceiptHandle } = await scene.receiveWhole(queue)
    expect(await scene.settle("ack", path, { receipts: [ReceiptHandle!.split(".")[0]] })).toEqual(["ok"])
    expect(await scene.held(queue)).toEqual({ ready: 0, inFlight: 0, delayed: 0 })
  })

  it("[X80] by what was never a handle of the queue is refused", async () => {
    const [queue, other] = [await scene.standard(), await scene.standard()]
    await scene.sendTo(other, "x")
    const { ReceiptHandle } = await scene.receiveWhole(other)
    for (const handle of ["garbage", `${ReceiptHandle}x!`, ReceiptHandle!]) {
      await expectError(remove(queue, { ReceiptHandle: handle }), {
        name: "ReceiptHandleIsInvalid",
        status: 404,
        message: `The input receipt handle "${handle}" is not a valid receipt handle.`,
      })
    }
  })
})

describe.concurrent("changing visibility", () => {
  it.each(["standard", "fifo"])("[X82] hides a message of a %s queue for longer", async (type) => {
    const queue = type === "fifo" ? await fifoWithOne() : await scene.standard()
    if (type === "standard") await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue, { VisibilityTimeout: 4 })
    await hide(queue, message, 3600)
    // longer than the first timeout, with what an expiry may be late
    expect(await scene.receiveFrom(queue, { WaitTimeSeconds: 6 })).toEqual([])
    await remove(queue, message)
    expect(await scene.held(queue)).toMatchObject({ inFlight: 0 })
  })

  it("[X82] with 0 brings it back at once, also to who waits", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue)
    const waiting = scene.receiveWhole(queue)
    await hide(queue, message, 0)
    expect((await waiting).Attributes).toMatchObject({ ApproximateReceiveCount: "2" })
  })

  it("[X82] after the timeout hides what nobody received since, under the same handle", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    await hide(queue, message, 60)
    expect(await scene.held(queue)).toMatchObject({ ready: 0, inFlight: 1 })
    await hide(queue, message, 0)
    await hide(queue, message, 0)
    const { Attributes } = await scene.receiveWhole(queue)
    expect(Attributes).toMatchObject({ ApproximateReceiveCount: "2" })
  })

  it("[X84] after the timeout is refused on a fifo queue", async () => {
    const queue = await fifoWithOne()
    const message = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    await expectError(hide(queue, message, 60), refusedHandle(message, NOT_AVAILABLE))
  })

  it("[X82] has 0 to 43,200 seconds", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue)
    for (const seconds of [-1, 43_201]) {
      await expectError(hide(queue, message, seconds), {
        code: "InvalidParameterValue",
        message: `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.`,
      })
    }
  })

  it("[X83] beyond twelve hours in all is refused", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const message = await scene.receiveWhole(queue)
    const [receipt, second] = message.ReceiptHandle!.split(".") as [string, string]
    const hourAgo = (Number.parseInt(second, 36) - 3600).toString(36)
    const long = { ReceiptHandle: `${receipt}.${hourAgo}` }
    await expectError(hide(queue, long, 43_200), {
      code: "InvalidParameterValue",
      message:
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    })
    await hide(queue, long, 39_000)
  })

  it("[X84] of a message that is deleted, or not held any more, is refused", async () => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    const old = await scene.receiveWhole(queue, { VisibilityTimeout: 0 })
    const current = await scene.receiveWhole(queue)
    await expectError(hide(queue, old, 60), refusedHandle(old, NOT_AVAILABLE))
    await remove(queue, current)
    await expectError(hide(queue, current, 60), refusedHandle(current, NOT_AVAILABLE))
    await expectError(hide(queue, current, 0), refusedHandle(current, NOT_AVAILABLE))
    await expectError(hide(queue, { ReceiptHandle: "garbage" }, 60), { name: "ReceiptHandleIsInvalid" })
  })
})

describe.concurrent("batches", () => {
  async function twoReceived(): Promise<{ queue: string; one: Message; two: Message }> {
    const queue = await scene.standard()
    await scene.send(`/v1/queues/${nameOf(queue)}`, "one", "two")
    const [one, two] = await scene.receiveFrom(queue, { MaxNumberOfMessages: 2 })
    return { queue, one: one!, two: two! }
  }

  it("[X85] of deletions answer each entry", async () => {
    const { queue, one, two } = await twoReceived()
    const Entries = [
      { Id: "one", ReceiptHandle: one.ReceiptHandle },
      { Id: "garbage", ReceiptHandle: "garbage" },
      { Id: "two", ReceiptHandle: two.ReceiptHandle },
    ]
    const settled = await scene.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries }))
    expect(settled).toMatchObject({
      Successful: [{ Id: "one" }, { Id: "two" }],
      Failed: [
        {
          Id: "garbage",
          SenderFault: true,
          Code: "ReceiptHandleIsInvalid",
          Message: 'The input receipt handle "garbage" is not a valid receipt handle.',
        },
      ],
    })
    expect(await scene.held(queue)).toEqual({ ready: 0, inFlight: 0, delayed: 0 })
  })

  it("[X85] of changes answer each entry", async () => {
    const { queue, one, two } = await twoReceived()
    await remove(queue, two)
    const Entries = [
      { Id: "back", ReceiptHandle: one.ReceiptHandle, VisibilityTimeout: 0 },
      { Id: "gone", ReceiptHandle: two.ReceiptHandle, VisibilityTimeout: 60 },
      { Id: "none", ReceiptHandle: two.ReceiptHandle },
    ]
    const settled = await scene.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue, Entries }))
    expect(settled.Successful).toEqual([{ Id: "back" }])
    expect(settled.Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
      ["gone", "InvalidParameterValue"],
      ["none", "MissingParameter"],
    ])
    expect(await scene.held(queue)).toMatchObject({ ready: 1, inFlight: 0 })
  })

  it("[X85] have no list that would be empty", async () => {
    const { queue, one } = await twoReceived()
    const settled = async (ReceiptHandle: string | undefined): Promise<unknown> => {
      const Entries = [{ Id: "one", ReceiptHandle }]
      const answer = await scene.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries }))
      return Object.keys(answer).filter((name) => name !== "$metadata")
    }
    expect([await settled(one.ReceiptHandle), await settled("garbage")]).toEqual([["Successful"], ["Failed"]])
  })

  it("[X66] [X85] are refused as a whole where they are none", async () => {
    const QueueUrl = await scene.standard()
    const none = scene.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [] }))
    await expectError(none, {
      name: "EmptyBatchRequest",
      message: "There should be at least one DeleteMessageBatchRequestEntry in the request.",
    })
    const Entries = Array.from({ length: 20 }, (_, index) => ({
      Id: `id-${index}`,
      ReceiptHandle: "garbage",
      VisibilityTimeout: 1,
    }))
    const many = scene.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
    await expectError(many, {
      name: "TooManyEntriesInBatchRequest",
      message: "Maximum number of entries per request are 10. You have sent 20.",
    })
  })
})
