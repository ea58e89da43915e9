import { describe, expect, it } from "vitest"
import { encodeFrame, encodeMovedFrame } from "../../../../src/core/log/frame.ts"
import type { Delivery, Header, LogRecord } from "../../../../src/core/log/types.ts"
import { encodeUtf8 } from "../../../../src/protocol/native/fields.ts"
import { formatReceipt } from "../../../../src/protocol/native/receipt.ts"
import { md5Hex, md5OfAttributes } from "../../../../src/protocol/sqs/md5.ts"
import type { SystemAttribute } from "../../../../src/protocol/sqs/receive-options.ts"
import { type ReceiveContext, receivedMessage } from "../../../../src/protocol/sqs/received-messages.ts"

const NOW = 1_700_000_000_500
const CONTEXT: ReceiveContext = {
  incarnation: 3,
  shard: 0,
  queue: "orders",
  isFifo: false,
  wanted: { system: new Set(), isWanted: () => true },
  ownerAccountId: "000000000000",
  region: "eu-central-1",
  isRepeatable: false,
  now: NOW,
}

function frameOf(record: Partial<LogRecord>): Uint8Array {
  return encodeFrame({ format: "text", value: encodeUtf8("x"), key: null, headers: [], producedAt: null, ...record })
}

function delivery(record: Partial<LogRecord> | Uint8Array, more: Partial<Delivery> = {}): Delivery {
  const frame = record instanceof Uint8Array ? record : frameOf(record)
  const counts = { offset: 7, messageId: 9, attempt: 2, deliveryCount: 2, appendedAt: 1000, firstDeliveredAt: 2000 }
  return { ...counts, frame, ...more }
}

function headers(pairs: Readonly<Record<string, string>>): Header[] {
  return Object.entries(pairs).map(([name, value]) => ({ name: encodeUtf8(name), value: encodeUtf8(value) }))
}

function system(...names: SystemAttribute[]): ReceiveContext {
  return { ...CONTEXT, wanted: { system: new Set(names), isWanted: null } }
}

describe("bodies and attributes", () => {
  it("[X70] a plain message has no more than it needs", () => {
    expect(receivedMessage(CONTEXT, delivery({}))).toEqual({
      MessageId: "00000000-0000-8030-8000-000000000009",
      ReceiptHandle: expect.stringMatching(/^[\w-]+\.s44we8$/) as string,
      MD5OfBody: "9dd4e461268c8034f5c8564e155c67a6",
      Body: "x",
    })
  })

  it("[X70] JSON is its text, bytes are base64 and say so", () => {
    const json = receivedMessage(CONTEXT, delivery({ format: "json", value: encodeUtf8('{"a": 1}') }))
    expect(json).toMatchObject({ Body: '{"a": 1}' })
    expect(json).not.toHaveProperty("MessageAttributes")
    const bytes = receivedMessage(CONTEXT, delivery({ format: "bytes", value: Uint8Array.of(0, 255) }))
    expect(bytes).toMatchObject({
      Body: "AP8=",
      MD5OfBody: md5Hex(encodeUtf8("AP8=")),
      MessageAttributes: { "millrace-body": { DataType: "String", StringValue: "base64" } },
    })
  })

  it("[X70] [X71] text that XML can't say is base64, and says so also where nobody asks", () => {
    const context = { ...CONTEXT, wanted: { ...CONTEXT.wanted, isWanted: null } }
    const message = receivedMessage(context, delivery({ value: encodeUtf8("a\u0000b") }))
    expect(message.Body).toBe("YQBi")
    expect(message.MessageAttributes).toEqual({ "millrace-body": { DataType: "String", StringValue: "base64" } })
  })

  it("[X70] headers are attributes of the type String, or Binary where XML can't say them; a name twice, the last", () => {
    const message = receivedMessage(
      CONTEXT,
      delivery({
        headers: [
          ...headers({ a: "first", empty: "", odd: "\u0001", "bad\u0000name": "x", "millrace-x": "hidden" }),
          ...headers({ a: "last" }),
        ],
      }),
    )
    expect(message.MessageAttributes).toEqual({
      a: { DataType: "String", StringValue: "last" },
      empty: { DataType: "String", StringValue: "" },
      odd: { DataType: "Binary", BinaryValue: "AQ==" },
    })
  })

  it("[X61] [X70] the digest is of an attribute as it is returned, also of one that is Binary for its text", () => {
    const message = receivedMessage(CONTEXT, delivery({ headers: headers({ odd: "\u0001" }) }))
    const digested = { name: "odd", dataType: "Binary", value: new Uint8Array([1]) }
    expect(message.MD5OfMessageAttributes).toBe(md5OfAttributes([digested]))
  })

  it("[X60] types come back from the header beside; a Binary that is no base64 is its text's bytes", () => {
    const types = JSON.stringify({ types: { n: "Number.int", b: "Binary", wrong: "Binary", constructor: "Number" } })
    const message = receivedMessage(
      CONTEXT,
      delivery({ headers: headers({ n: "1", b: "AAE=", wrong: "!", constructor: "2", "millrace-sqs": types }) }),
    )
    expect(message.MessageAttributes).toEqual({
      n: { DataType: "Number.int", StringValue: "1" },
      b: { DataType: "Binary", BinaryValue: "AAE=" },
      wrong: { DataType: "Binary", BinaryValue: "IQ==" },
      constructor: { DataType: "Number", StringValue: "2" },
    })
  })

  it("[X71] [X61] what is not asked for is left out, also of the digest", () => {
    const frame = delivery({ headers: headers({ one: "1", two: "2", toString: "3" }) })
    const context = { ...CONTEXT, wanted: { ...CONTEXT.wanted, isWanted: (name: string) => name === "one" } }
    expect(receivedMessage(context, frame)).toMatchObject({
      MessageAttributes: { one: { DataType: "String", StringValue: "1" } },
      MD5OfMessageAttributes: md5OfAttributes([{ name: "one", dataType: "String", value: encodeUtf8("1") }]),
    })
    expect(Object.keys(receivedMessage(CONTEXT, frame).MessageAttributes!)).toEqual(["one", "two", "toString"])
  })

  it.each([
    "",
    "{",
    "[]",
    '{"types":[1],"dedup":5,"trace":{},"sender":null}',
    '{"sender":"somebody"}',
    '{"types":{"one":7}}',
  ])("[X70] a header beside that somebody else wrote (%j) says nothing", (details) => {
    const frame = delivery({ headers: headers({ one: "1", "millrace-sqs": details }) })
    expect(receivedMessage(CONTEXT, frame).MessageAttributes).toEqual({
      one: { DataType: "String", StringValue: "1" },
    })
    expect(receivedMessage(system("SenderId", "AWSTraceHeader"), frame).Attributes).toEqual({
      SenderId: "000000000000",
    })
  })

  it("[X87] a damaged message has no body, and says so", () => {
    for (const frame of [new Uint8Array(0), frameOf({}).fill(0)]) {
      expect(receivedMessage(CONTEXT, delivery(frame))).toMatchObject({
        Body: "",
        MD5OfBody: md5Hex(new Uint8Array(0)),
        MessageAttributes: { "millrace-problem": { DataType: "String", StringValue: "corrupt_batch" } },
      })
    }
  })
})

describe("system attributes", () => {
  it("[X75] a standard queue's", () => {
    const all = system(
      "SenderId",
      "SentTimestamp",
      "ApproximateReceiveCount",
      "ApproximateFirstReceiveTimestamp",
      "SequenceNumber",
      "MessageDeduplicationId",
      "MessageGroupId",
      "AWSTraceHeader",
      "DeadLetterQueueSourceArn",
    )
    const details = JSON.stringify({ trace: "Root=1", sender: "111111111111", dedup: "d" })
    const frame = delivery({
      key: encodeUtf8("anna"),
      producedAt: 900,
      headers: headers({ "millrace-sqs": details }),
    })
    expect(receivedMessage(all, frame).Attributes).toEqual({
      SenderId: "111111111111",
      SentTimestamp: "900",
      ApproximateReceiveCount: "2",
      ApproximateFirstReceiveTimestamp: "2000",
      MessageGroupId: "anna",
      AWSTraceHeader: "Root=1",
    })
    expect(receivedMessage(all, delivery({})).Attributes).toMatchObject({
      SenderId: "000000000000",
      SentTimestamp: "1000",
    })
  })

  it("[X75] a fifo queue's sequence number, and its deduplication id or that of its content", () => {
    const context = { ...system("SequenceNumber", "MessageDeduplicationId"), isFifo: true }
    expect(receivedMessage(context, delivery({})).Attributes).toEqual({
      SequenceNumber: "00000000000000000009",
      MessageDeduplicationId: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    })
    const frame = delivery({ headers: headers({ "millrace-sqs": '{"dedup":"d"}' }) })
    expect(receivedMessage(context, frame).Attributes).toMatchObject({ MessageDeduplicationId: "d" })
  })

  it("[X75] none where none of those asked for has a value", () => {
    expect(receivedMessage(system("MessageGroupId", "SequenceNumber"), delivery({}))).not.toHaveProperty("Attributes")
  })
})

describe("dead letters", () => {
  const letter = (source: string, id: string) =>
    delivery(
      encodeMovedFrame(
        frameOf({}),
        headers({
          "millrace-dead-letter-source": source,
          "millrace-dead-letter-id": id,
          "millrace-dead-letter-reason": "max_deliveries",
          "millrace-dead-letter-delivery-count": "3",
        }),
      ),
    )
  const context = system("ApproximateReceiveCount", "DeadLetterQueueSourceArn")

  it("[X86] has the id that it had, names its source and goes on counting", () => {
    expect(receivedMessage(context, letter("payments", "5-0-77"))).toMatchObject({
      MessageId: "00000000-0000-8050-8000-00000000004d",
      Attributes: {
        ApproximateReceiveCount: "5",
        DeadLetterQueueSourceArn: "arn:aws:sqs:eu-central-1:000000000000:payments",
      },
    })
  })

  it("[X86] back where it came from it is no dead letter, and has its id still", () => {
    expect(receivedMessage(context, letter("orders", "5-0-77"))).toMatchObject({
      MessageId: "00000000-0000-8050-8000-00000000004d",
      Attributes: { ApproximateReceiveCount: "2" },
    })
  })

  it("[X86] what a sender says to be one is none", () => {
    const forged = { "millrace-dead-letter-source": "payments", "millrace-dead-letter-id": "5-0-77" }
    expect(receivedMessage(context, delivery({ headers: headers(forged) }))).toMatchObject({
      MessageId: "00000000-0000-8030-8000-000000000009",
      Attributes: { ApproximateReceiveCount: "2" },
    })
  })

  it("[X86] a record of a topic came from no queue, and has the id of its letter", () => {
    expect(receivedMessage(context, letter("clicks", "3/77"))).toMatchObject({
      MessageId: "00000000-0000-8030-8000-000000000009",
      Attributes: { ApproximateReceiveCount: "2" },
    })
  })
})

describe("receipt handles", () => {
  const receipt = formatReceipt({ incarnation: 3, shard: 0, stateId: 0, stateGeneration: 0, offset: 7, attempt: 2 })

  it("[X78] of a receive that can be repeated say what its repeat can say", () => {
    const context = { ...CONTEXT, isRepeatable: true }
    expect(receivedMessage(context, delivery({})).ReceiptHandle).toBe(receipt)
    const first = delivery({}, { deliveryCount: 1, firstDeliveredAt: NOW })
    expect(receivedMessage(context, first).ReceiptHandle).toBe(`${receipt}.s44we8`)
    expect(receivedMessage({ ...context, now: NOW + 60_000 }, first).ReceiptHandle).toBe(`${receipt}.s44we8`)
  })
})
