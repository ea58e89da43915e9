import { describe, expect, it, vi } from "vitest"
import { EVERYTHING } from "../../../src/core/access/access.ts"
import { encodeDeliveries } from "../../../src/core/log/delivered.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import type { Settlement } from "../../../src/core/queue/commands.ts"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { ok } from "../../../src/core/result.ts"
import type { QueueApi } from "../../../src/objects/contract.ts"
import type { ActionName } from "../../../src/protocol/sqs/actions.ts"
import { MAX_MESSAGE_SIZE_BYTES, MAX_TRACE_HEADER_BYTES } from "../../../src/protocol/sqs/limits.ts"
import { formatReceiptHandle } from "../../../src/protocol/sqs/receipt-handle.ts"
import type { SqsCall } from "../../../src/routes/doors/sqs/action.ts"
import { changeMessageVisibility } from "../../../src/routes/doors/sqs/change-message-visibility.ts"
import { deleteMessageBatch } from "../../../src/routes/doors/sqs/delete-message-batch.ts"
import { receiveMessage } from "../../../src/routes/doors/sqs/receive-message.ts"
import { sendMessage } from "../../../src/routes/doors/sqs/send-message.ts"
import { sendMessageBatch } from "../../../src/routes/doors/sqs/send-message-batch.ts"
import { senderOf } from "../../../src/routes/doors/sqs/send.ts"
import { catalogOf, fakeEnv, fakeName, queueEntry } from "./fake-env.ts"

vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => expect.unreachable("nobody waits") }))

const RECEIPT = { incarnation: 1, shard: 0, stateId: 0, stateGeneration: 0, offset: 4, attempt: 2 }
const HANDLE = formatReceiptHandle(RECEIPT, Date.now())
let names = 0

/** A call to a new queue, whose object is `queue`. */
function callOf<Name extends ActionName>(
  action: Name,
  input: object,
  queue: Partial<QueueApi>,
  { settings = {}, signal }: { settings?: Partial<QueueSettings>; signal?: AbortSignal } = {},
): SqsCall<Name> {
  const name = `queue-${names++}`
  const account = "000000000000"
  return {
    action,
    input: { ...input, QueueUrl: `http://localhost/${account}/${name}` } as never,
    request: new Request("http://localhost/", { ...(signal && { signal }) }),
    identity: { accessKeyId: null, accountId: account, ownerAccountId: account, region: "us-east-1" },
    origin: "http://localhost",
    env: fakeEnv({ catalog: catalogOf(queueEntry(name, 1, settings)), queues: { [fakeName(name)]: queue } }),
    caller: { namespace: "default", access: EVERYTHING, endsAt: null, isRoot: true },
    waitUntil: () => {},
  }
}

describe("one call of the object for each request", () => {
  const batch = (count: number, body = "x") =>
    Array.from({ length: count }, (_, index) => ({ Id: `${index}`, MessageBody: body }))

  it("[X68] of a batch, for all that can be sent, and none where nothing can", async () => {
    const send = vi.fn<QueueApi["send"]>(async (_version, submissions) => {
      const { count } = decodeSubmissions(submissions)
      return ok({ incarnation: 1, results: Array.from({ length: count }, (_, index) => index) })
    })
    const Entries = [...batch(9), { Id: "empty", MessageBody: "" }]
    const sent = await sendMessageBatch.handle(callOf("SendMessageBatch", { Entries }, { send }))
    expect(sent).toMatchObject({ ok: true, value: { Failed: [{ Id: "empty" }] } })
    expect(send).toHaveBeenCalledTimes(1)
    await sendMessageBatch.handle(callOf("SendMessageBatch", { Entries: batch(10, "") }, { send }))
    expect(send).toHaveBeenCalledTimes(1)
  })

  it("[X68] none for a batch that is too long with the messages in it that can't be sent", async () => {
    const half = "x".repeat(MAX_MESSAGE_SIZE_BYTES / 2)
    const Entries = [...batch(1, half), { Id: "odd", MessageBody: `\u0001${half}` }]
    const send = () => expect.unreachable("nothing is sent")
    expect(await sendMessageBatch.handle(callOf("SendMessageBatch", { Entries }, { send }))).toMatchObject({
      error: { name: "BatchRequestTooLong" },
    })
  })

  it("[X85] of deletions, for all whose handles are some", async () => {
    const settle = vi.fn<QueueApi["settle"]>(async () => ok([null, { code: "invalid_receipt" }]))
    const Entries = ["garbage", HANDLE, HANDLE].map((ReceiptHandle, index) => ({ Id: `${index}`, ReceiptHandle }))
    expect(await deleteMessageBatch.handle(callOf("DeleteMessageBatch", { Entries }, { settle }))).toMatchObject({
      value: { Successful: [{ Id: "1" }], Failed: [{ Id: "0" }, { Id: "2", Code: "ReceiptHandleIsInvalid" }] },
    })
    expect(settle.mock.calls.map(([, settlements]) => settlements.length)).toEqual([2])
  })
})

describe("what the object refuses", () => {
  it("[X68] of a batch is in Failed, with whose fault it is", async () => {
    const full = { code: "queue_full", retryAfterMs: 1000 } as const
    const queue: Partial<QueueApi> = { send: async () => ok({ incarnation: 1, results: [7, full] }) }
    const Entries = [
      { Id: "first", MessageBody: "x" },
      { Id: "second", MessageBody: "x" },
    ]
    expect(await sendMessageBatch.handle(callOf("SendMessageBatch", { Entries }, queue))).toMatchObject({
      value: { Successful: [{ Id: "first" }], Failed: [{ Id: "second", Code: "RequestThrottled", SenderFault: true }] },
    })
    const one: Partial<QueueApi> = { send: async () => ok({ incarnation: 1, results: [full] }) }
    expect(await sendMessage.handle(callOf("SendMessage", { MessageBody: "x" }, one))).toMatchObject({
      error: { name: "RequestThrottled" },
    })
  })

  it("[X14] an answer that was lost is told so; a change that gives back is not made twice", async () => {
    const lost = Object.assign(new Error("lost"), { retryable: true })
    const settle = vi.fn<QueueApi["settle"]>(async () => {
      throw lost
    })
    const given = { ReceiptHandle: HANDLE, VisibilityTimeout: 0 }
    vi.spyOn(console, "error").mockImplementation(() => {})
    const answer = await changeMessageVisibility.handle(callOf("ChangeMessageVisibility", given, { settle }))
    vi.restoreAllMocks()
    expect(answer).toMatchObject({ error: { name: "ServiceUnavailable" } })
    expect(settle).toHaveBeenCalledTimes(1)
  })

  it("[X14] an answer that was lost is no reason to send or receive twice: that is for the client to say", async () => {
    const lose = vi.fn<() => never>(() => {
      throw Object.assign(new Error("lost"), { retryable: true })
    })
    const queue: Partial<QueueApi> = { send: lose, receive: lose }
    const Entries = [{ Id: "a", MessageBody: "x" }]
    vi.spyOn(console, "error").mockImplementation(() => {})
    const answers = [
      await sendMessage.handle(callOf("SendMessage", { MessageBody: "x" }, queue)),
      await sendMessageBatch.handle(callOf("SendMessageBatch", { Entries }, queue)),
      await receiveMessage.handle(callOf("ReceiveMessage", {}, queue)),
    ]
    vi.restoreAllMocks()
    expect(answers.map((answer) => !answer.ok && answer.error.name)).toEqual(answers.map(() => "ServiceUnavailable"))
    expect(lose).toHaveBeenCalledTimes(answers.length)
  })
})

describe("a receive", () => {
  const frame = encodeFrame({
    format: "text",
    value: new Uint8Array([120]),
    key: null,
    headers: [],
    producedAt: null,
  })
  const delivery = { offset: 4, messageId: 9, appendedAt: 1, attempt: 2, deliveryCount: 1, firstDeliveredAt: 1, frame }
  const receive: QueueApi["receive"] = async () => ok({ incarnation: 1, deliveries: encodeDeliveries([delivery]) })

  it("[X76] whose client is gone by then gives back what it got", async () => {
    const settled: Settlement[] = []
    const settle: QueueApi["settle"] = async (_version, settlements) => {
      settled.push(...settlements)
      return ok([null])
    }
    await receiveMessage.handle(callOf("ReceiveMessage", {}, { receive, settle }, { signal: AbortSignal.abort() }))
    expect(settled).toEqual([{ kind: "undelivered", receipt: RECEIPT }])
  })

  it("[X74] does not wait where there are messages", async () => {
    const received = await receiveMessage.handle(callOf("ReceiveMessage", { WaitTimeSeconds: 20 }, { receive }))
    expect(received).toMatchObject({ ok: true, value: { Messages: [{ Body: "x" }] } })
  })
})

describe("the trace header of a request is its messages' where they could have brought it", () => {
  const LONGEST = "x".repeat(MAX_TRACE_HEADER_BYTES)

  it.each([
    ["the longest", LONGEST, LONGEST],
    ["a longer one", `${LONGEST}x`, null],
    ["one with a character that SQS does not take", "Root=\u0001", null],
    ["an empty one", "", null],
  ])("[X65] %s", (_, header, traceHeader) => {
    const call = callOf("SendMessage", {}, {})
    const request = new Request(call.request, { headers: { "x-amzn-trace-id": header } })
    expect(senderOf({ ...call, request })).toMatchObject({ traceHeader })
  })
})
