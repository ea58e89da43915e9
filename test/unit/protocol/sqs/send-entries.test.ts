import { describe, expect, it } from "vitest"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../../src/core/queue/settings.ts"
import { utf8Text } from "../../../../src/protocol/native/record-json.ts"
import { type MessageEntry, missingTerm } from "../../../../src/protocol/sqs/message-terms.ts"
import {
  batchTooLong,
  entrySizeBytes,
  messagesOf,
  prepareMessage,
  type PreparedMessage,
  type Sender,
  sentMessage,
  tooLarge,
} from "../../../../src/protocol/sqs/send-entries.ts"

const OWNER = "000000000000"
const SENDER: Sender = { accountId: OWNER, ownerAccountId: OWNER, traceHeader: null, now: 1_700_000_000_000 }
const FAIR: QueueSettings = { ...DEFAULT_QUEUE_SETTINGS, fair: true }
const PLAIN: QueueSettings = DEFAULT_QUEUE_SETTINGS
const FIFO: QueueSettings = { ...DEFAULT_QUEUE_SETTINGS, ordering: "fifo" }
const NOT_OF_THIS_TYPE = "is invalid. Reason: The request include parameter that is not valid for this queue type."

function prepared(entry: MessageEntry, settings = FAIR, sender = SENDER): PreparedMessage {
  const message = prepareMessage(entry, settings, sender)
  return message.ok ? message.value : expect.unreachable(message.error.message)
}

function headersOf({ record }: PreparedMessage): Record<string, string> {
  return Object.fromEntries(record.headers.map(({ name, value }) => [utf8Text(name), utf8Text(value)]))
}

describe("what is stored of a message", () => {
  it("[X60] a plain one is its text and its time, and nothing else", () => {
    const { record, terms, digests, sizeBytes } = prepared({ MessageBody: "Grüße" })
    expect(record).toMatchObject({ format: "text", key: null, headers: [], producedAt: SENDER.now })
    expect(utf8Text(record.value)).toBe("Grüße")
    expect([terms, sizeBytes]).toEqual([null, 7])
    expect(digests).toEqual({ MD5OfMessageBody: "49c5f675b49037b6044b803ac9d1a6d7" })
  })

  it("[X72] a group is the key where the queue knows groups, and else kept beside", () => {
    const entry = { MessageBody: "x", MessageGroupId: "anna" }
    for (const settings of [FAIR, FIFO]) {
      const message = prepared(entry, settings)
      expect([utf8Text(message.record.key!), headersOf(message)]).toEqual(["anna", {}])
    }
    const plain = prepared(entry, PLAIN)
    expect([plain.record.key, headersOf(plain)]).toEqual([null, { "millrace-sqs": '{"group":"anna"}' }])
  })

  it("[X60] [X65] what the broker has no place for stands in one header", () => {
    const entry: MessageEntry = {
      MessageBody: "x",
      MessageGroupId: "g",
      MessageDeduplicationId: "d",
      MessageAttributes: { count: { DataType: "Number", StringValue: "1" } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } },
    }
    const guest = { ...SENDER, accountId: "111111111111" }
    expect(headersOf(prepared(entry, FIFO, guest))).toEqual({
      count: "1",
      "millrace-sqs": '{"types":{"count":"Number"},"dedup":"d","trace":"Root=1","sender":"111111111111"}',
    })
  })

  it("[X65] the request's trace header is for messages without their own", () => {
    const sender = { ...SENDER, traceHeader: "Root=request" }
    const own = { AWSTraceHeader: { DataType: "String", StringValue: "Root=own" } }
    const bringing = prepared({ MessageBody: "x", MessageSystemAttributes: own }, FAIR, sender)
    const without = prepared({ MessageBody: "x" }, FAIR, sender)
    expect(headersOf(bringing)).toEqual({ "millrace-sqs": '{"trace":"Root=own"}' })
    expect(headersOf(without)).toEqual({ "millrace-sqs": '{"trace":"Root=request"}' })
    expect(bringing.digests).toHaveProperty("MD5OfMessageSystemAttributes")
    expect(without.digests).not.toHaveProperty("MD5OfMessageSystemAttributes")
  })

  it("[X69] its own delay counts before the queue's, and of a fifo queue there is none", () => {
    const delayed = { ...FAIR, annotations: { "sqs:DelaySeconds": "60" } }
    expect(prepared({ MessageBody: "x" }, delayed).terms).toEqual({ delayMs: 60_000 })
    expect(prepared({ MessageBody: "x", DelaySeconds: 5 }, delayed).terms).toEqual({ delayMs: 5_000 })
    expect(prepared({ MessageBody: "x", DelaySeconds: 0 }, delayed).terms).toBeNull()
    expect(prepared({ MessageBody: "x", DelaySeconds: 0, MessageGroupId: "g" }, FIFO).terms).toBeNull()
    // an annotation that somebody wrote natively must not delay one message more than the next
    const annotated = { ...FIFO, annotations: delayed.annotations }
    expect(prepared({ MessageBody: "x", MessageGroupId: "g" }, annotated).terms).toBeNull()
  })

  it("[X67] terms go with their message", () => {
    const messages = [
      prepared({ MessageBody: "0", MessageGroupId: "g" }, FIFO),
      prepared({ MessageBody: "1", MessageGroupId: "g", MessageDeduplicationId: "d" }, FIFO),
    ]
    expect(messagesOf(messages).terms).toEqual(new Map([[1, { dedupId: "d" }]]))
    expect(messagesOf(messages.slice(0, 1)).terms).toBeNull()
  })
})

describe("refusals", () => {
  it.each<[string, MessageEntry, QueueSettings, string]>([
    [
      "a delay of -1",
      { MessageBody: "x", DelaySeconds: -1 },
      FAIR,
      "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    ],
    [
      "a delay of 901",
      { MessageBody: "x", DelaySeconds: 901 },
      FAIR,
      "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    ],
    [
      "a delay, fifo",
      { MessageBody: "x", DelaySeconds: 2, MessageGroupId: "g" },
      FIFO,
      `Value 2 for parameter DelaySeconds ${NOT_OF_THIS_TYPE}`,
    ],
    [
      "an id, standard",
      { MessageBody: "x", MessageDeduplicationId: "d" },
      FAIR,
      `Value d for parameter MessageDeduplicationId ${NOT_OF_THIS_TYPE}`,
    ],
    [
      "an empty group",
      { MessageBody: "x", MessageGroupId: "" },
      FAIR,
      "Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ],
    [
      "a group with a space",
      { MessageBody: "x", MessageGroupId: "group 123" },
      FAIR,
      "Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ],
    [
      "a long id",
      { MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "a".repeat(129) },
      FIFO,
      "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ],
  ])("[X67] [X69] %s", (_what, entry, settings, message) => {
    const refused = prepareMessage(entry, settings, SENDER)
    expect(refused).toMatchObject({ ok: false, error: { name: "InvalidParameterValue" } })
    expect(!refused.ok && refused.error.message).toContain(message)
  })

  it("[X62] an empty body is a parameter that is missing", () => {
    expect(prepareMessage({ MessageBody: "" }, FAIR, SENDER)).toEqual({
      ok: false,
      error: { name: "MissingParameter", message: "The request must contain the parameter MessageBody." },
    })
  })

  it("[X67] a fifo queue needs a group, and an id unless it has another way to tell messages apart", () => {
    const bare = { MessageBody: "x" }
    const grouped = { ...bare, MessageGroupId: "g" }
    expect(missingTerm(bare, FAIR)).toBeNull()
    expect(missingTerm(bare, FIFO)).toEqual({
      name: "MissingParameter",
      message: "The request must contain the parameter MessageGroupId.",
    })
    expect(missingTerm(grouped, FIFO)).toEqual({
      name: "InvalidParameterValue",
      message:
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    })
    expect(missingTerm({ ...grouped, MessageDeduplicationId: "d" }, FIFO)).toBeNull()
    expect(missingTerm(grouped, { ...FIFO, contentDeduplication: true })).toBeNull()
    expect(missingTerm(grouped, { ...FIFO, dedupWindowMs: 0 })).toBeNull()
  })
})

describe("sizes", () => {
  const entry: MessageEntry = {
    MessageBody: "ü",
    MessageAttributes: {
      text: { DataType: "String", StringValue: "ö" },
      blob: { DataType: "Binary.x", BinaryValue: "AAECAw==" },
    },
  }

  it("[X63] body, names, types and values count, each in bytes; also where the message is refused", () => {
    expect(prepared(entry).sizeBytes).toBe(2 + (4 + 6 + 2) + (4 + 8 + 4))
    expect(entrySizeBytes(entry)).toBe(prepared(entry).sizeBytes)
    // looked at from each place anew, so much padding in the wrong place would take seconds
    const padded = { b: { DataType: "Binary", BinaryValue: `${"=".repeat(200_000)}x` } }
    expect(entrySizeBytes({ MessageBody: "x", MessageAttributes: padded })).toBe(1 + (1 + 6 + 150_000))
  })

  it("[X63] the queue's MaximumMessageSize counts, or else the largest there is", () => {
    const small = { ...FAIR, annotations: { "sqs:MaximumMessageSize": "1024" } }
    expect(tooLarge(1024, small, "are invalid")).toBeNull()
    expect(tooLarge(1025, small, "are invalid")).toEqual({
      name: "InvalidParameterValue",
      message: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    })
    expect(tooLarge(1_048_576, FAIR, "are invalid")).toBeNull()
    expect(tooLarge(1_048_577, FAIR, "cannot be validated")?.message).toBe(
      "One or more parameters cannot be validated. Reason: Message must be shorter than 1048576 bytes.",
    )
  })

  it("[X68] a batch has as much as the largest message", () => {
    expect(batchTooLong(1_048_576)).toBeNull()
    expect(batchTooLong(1_048_577)).toEqual({
      name: "BatchRequestTooLong",
      message: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    })
  })
})

it("[X61] [X75] only of a fifo queue an answer has a sequence number", () => {
  const stored = { incarnation: 5, shard: 0, counter: 9 }
  const MessageId = "00000000-0000-8050-8000-000000000009"
  expect(sentMessage(prepared({ MessageBody: "x" }), stored, FAIR)).toEqual({
    MD5OfMessageBody: "9dd4e461268c8034f5c8564e155c67a6",
    MessageId,
  })
  expect(sentMessage(prepared({ MessageBody: "x" }), stored, FIFO)).toEqual({
    MD5OfMessageBody: "9dd4e461268c8034f5c8564e155c67a6",
    MessageId,
    SequenceNumber: "00000000000000000009",
  })
})
