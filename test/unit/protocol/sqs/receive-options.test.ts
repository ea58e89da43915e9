import { describe, expect, it } from "vitest"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../../src/core/queue/settings.ts"
import type { Input } from "../../../../src/protocol/sqs/actions.ts"
import { parseReceive, type ReceiveOptions } from "../../../../src/protocol/sqs/receive-options.ts"

const FIFO: QueueSettings = { ...DEFAULT_QUEUE_SETTINGS, ordering: "fifo" }

function parsed(input: Omit<Input<"ReceiveMessage">, "QueueUrl">, settings = DEFAULT_QUEUE_SETTINGS): ReceiveOptions {
  const options = parseReceive({ QueueUrl: "", ...input }, settings)
  return options.ok ? options.value : expect.unreachable(options.error.message)
}

describe("what is asked", () => {
  it("[X74] one message, hidden for as long as the queue says", () => {
    expect(parsed({}).request).toEqual({ maxMessages: 1, visibilityTimeoutMs: null, attemptId: null })
    expect(parsed({ VisibilityTimeout: 0 }).request.visibilityTimeoutMs).toBe(0)
    expect(parsed({ VisibilityTimeout: 43_200 }).request.visibilityTimeoutMs).toBe(43_200_000)
  })

  it("[X76] waits as long as it says, or the queue", () => {
    const waiting = { ...DEFAULT_QUEUE_SETTINGS, annotations: { "sqs:ReceiveMessageWaitTimeSeconds": "7" } }
    expect([parsed({}).waitMs, parsed({}, waiting).waitMs]).toEqual([0, 7000])
    expect([parsed({ WaitTimeSeconds: 0 }, waiting).waitMs, parsed({ WaitTimeSeconds: 20 }).waitMs]).toEqual([
      0, 20_000,
    ])
  })

  it("[X78] an attempt id is for fifo queues", () => {
    expect(parsed({ ReceiveRequestAttemptId: "a" }, FIFO).request.attemptId).toBe("a")
  })
})

it.each<[Omit<Input<"ReceiveMessage">, "QueueUrl">, QueueSettings, string]>([
  [
    { MaxNumberOfMessages: 0 },
    FIFO,
    "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  [
    { MaxNumberOfMessages: 11 },
    FIFO,
    "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  [
    { WaitTimeSeconds: -1 },
    FIFO,
    "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
  ],
  [
    { WaitTimeSeconds: 21 },
    FIFO,
    "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
  ],
  [
    { VisibilityTimeout: 43_201 },
    FIFO,
    "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
  ],
  [
    { ReceiveRequestAttemptId: "a" },
    DEFAULT_QUEUE_SETTINGS,
    "Value a for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type.",
  ],
  [
    { ReceiveRequestAttemptId: "" },
    FIFO,
    "Value  for parameter ReceiveRequestAttemptId is invalid. Reason: ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
  ],
])("[X74] [X76] [X78] %j is refused", (input, settings, message) => {
  expect(parseReceive({ QueueUrl: "", ...input }, settings)).toEqual({
    ok: false,
    error: { name: "InvalidParameterValue", message },
  })
})

describe("attributes", () => {
  it("[X75] both lists count, All stands for all, and names of queue attributes for none", () => {
    expect(parsed({}).wanted.system.size).toBe(0)
    const names = { AttributeNames: ["SenderId", "QueueArn"], MessageSystemAttributeNames: ["SentTimestamp"] }
    expect([...parsed(names).wanted.system]).toEqual(["SenderId", "SentTimestamp"])
    expect(parsed({ AttributeNames: ["All"] }).wanted.system.size).toBe(9)
    expect(parsed({ AttributeNames: ["SenderId"], MessageSystemAttributeNames: ["All"] }).wanted.system.size).toBe(9)
  })

  it("[X75] another name is refused", () => {
    expect(parseReceive({ QueueUrl: "", MessageSystemAttributeNames: ["Sender"] }, FIFO)).toEqual({
      ok: false,
      error: { name: "InvalidAttributeName", message: "Unknown Attribute Sender." },
    })
  })

  it.each<[readonly string[], readonly string[]]>([
    [["All"], ["General", "Hello", "Help.Me"]],
    [[".*"], ["General", "Hello", "Help.Me"]],
    [["*"], ["General", "Hello", "Help.Me"]],
    [["Hel.*"], ["Hello", "Help.Me"]],
    [["Help.*"], ["Help.Me"]],
    [["Hello", "Nothing"], ["Hello"]],
    [["Nothing"], []],
    [[".Foo", "AWS.Foo", ""], []],
  ])("[X71] of General, Hello and Help.Me %j asks for %j", (MessageAttributeNames, expected) => {
    const { isWanted } = parsed({ MessageAttributeNames }).wanted
    expect(["General", "Hello", "Help.Me"].filter((name) => isWanted?.(name))).toEqual(expected)
  })

  it("[X71] without names none", () => {
    expect(parsed({}).wanted.isWanted).toBeNull()
    expect(parsed({ MessageAttributeNames: [] }).wanted.isWanted).toBeNull()
  })
})
