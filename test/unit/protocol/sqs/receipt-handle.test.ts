import { expect, it } from "vitest"
import { formatReceipt } from "../../../../src/protocol/native/receipt.ts"
import { formatReceiptHandle, parseReceiptHandle } from "../../../../src/protocol/sqs/receipt-handle.ts"

const RECEIPT = { incarnation: 3, shard: 0, stateId: 0, stateGeneration: 0, offset: 12_345, attempt: 7 }
const RECEIVED_AT = 1_795_280_325_999

it("[X83] a handle names the delivery and the second in which it was received", () => {
  const handle = formatReceiptHandle(RECEIPT, RECEIVED_AT)
  expect(parseReceiptHandle(handle)).toEqual({
    ok: true,
    value: { receipt: RECEIPT, receivedAtSeconds: 1_795_280_325 },
  })
})

it("[X80] a native receipt is a handle that does not say when", () => {
  const expected = { ok: true, value: { receipt: RECEIPT, receivedAtSeconds: null } }
  expect(parseReceiptHandle(formatReceipt(RECEIPT))).toEqual(expected)
  expect(formatReceiptHandle(RECEIPT, null)).toBe(formatReceipt(RECEIPT))
})

it.each([
  "",
  "abc",
  ".",
  "AQEAAAAAAb-uZs5",
  `${formatReceipt(RECEIPT)}.`,
  `${formatReceipt(RECEIPT)}.-1`,
  "x".repeat(200),
])("[X80] %j is no handle", (text) => {
  expect(parseReceiptHandle(text)).toEqual({
    ok: false,
    error: {
      name: "ReceiptHandleIsInvalid",
      message: `The input receipt handle "${text}" is not a valid receipt handle.`,
    },
  })
})
