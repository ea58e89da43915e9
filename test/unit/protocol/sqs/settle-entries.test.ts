import { expect, it } from "vitest"
import { formatReceiptHandle } from "../../../../src/protocol/sqs/receipt-handle.ts"
import { changeFailure, changeOf, deletionFailure, deletionOf } from "../../../../src/protocol/sqs/settle-entries.ts"

const RECEIPT = { incarnation: 1, shard: 0, stateId: 0, stateGeneration: 0, offset: 4, attempt: 1 }
const RECEIVED_AT = 1_700_000_000_000
const HANDLE = formatReceiptHandle(RECEIPT, RECEIVED_AT)
const HOUR_SECONDS = 3600

it("[X80] a deletion acknowledges", () => {
  expect(deletionOf({ ReceiptHandle: HANDLE })).toEqual({
    ok: true,
    value: { kind: "ack", receipt: RECEIPT, mayBeLate: true },
  })
  expect(deletionOf({ ReceiptHandle: "garbage" })).toMatchObject({ error: { name: "ReceiptHandleIsInvalid" } })
})

it("[X82] a change extends, and with 0 gives back", () => {
  const change = (VisibilityTimeout: number) => changeOf({ ReceiptHandle: HANDLE, VisibilityTimeout }, RECEIVED_AT)
  expect(change(60)).toEqual({
    ok: true,
    value: { kind: "extend", receipt: RECEIPT, visibilityTimeoutMs: 60_000, mayBeLate: true },
  })
  expect(change(0)).toEqual({
    ok: true,
    value: { kind: "nack", receipt: RECEIPT, delayMs: 0, fault: true, error: null, mayBeLate: true },
  })
})

it.each([-1, 43_201])("[X82] a timeout of %i is refused", (VisibilityTimeout) => {
  expect(changeOf({ ReceiptHandle: HANDLE, VisibilityTimeout }, RECEIVED_AT)).toMatchObject({
    error: {
      name: "InvalidParameterValue",
      message: `Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.`,
    },
  })
  expect(changeOf({ ReceiptHandle: HANDLE }, RECEIVED_AT)).toMatchObject({ error: { name: "MissingParameter" } })
})

it("[X83] twelve hours from the receive on are the most, to the second", () => {
  const after = (seconds: number, VisibilityTimeout: number) =>
    changeOf({ ReceiptHandle: HANDLE, VisibilityTimeout }, RECEIVED_AT + seconds * 1000).ok
  expect([after(0, 43_200), after(HOUR_SECONDS, 11 * HOUR_SECONDS)]).toEqual([true, true])
  expect([after(1, 43_200), after(HOUR_SECONDS, 11 * HOUR_SECONDS + 1)]).toEqual([false, false])
  expect(changeOf({ ReceiptHandle: HANDLE, VisibilityTimeout: 43_200 }, RECEIVED_AT + 1000)).toMatchObject({
    error: {
      name: "InvalidParameterValue",
      message:
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    },
  })
})

it("[X80] [X81] an old handle is good for deleting from a standard queue, and not from a fifo queue", () => {
  expect(deletionFailure({ code: "receipt_expired" }, HANDLE, false)).toBeNull()
  expect(deletionFailure({ code: "receipt_expired" }, HANDLE, true)).toEqual({
    name: "InvalidParameterValue",
    message: `Value ${HANDLE} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
  })
  for (const isFifo of [false, true]) {
    const failure = deletionFailure({ code: "invalid_receipt" }, HANDLE, isFifo)
    expect(failure).toMatchObject({ name: "ReceiptHandleIsInvalid" })
  }
})

it("[X84] a message that is not held under the handle can't be hidden any longer", () => {
  expect(changeFailure({ code: "receipt_expired" }, HANDLE)).toEqual({
    name: "InvalidParameterValue",
    message: `Value ${HANDLE} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
  })
  expect(changeFailure({ code: "invalid_receipt" }, HANDLE)).toMatchObject({ name: "ReceiptHandleIsInvalid" })
  expect(changeFailure({ code: "unavailable", retryAfterMs: 1 }, HANDLE)).toMatchObject({ name: "ServiceUnavailable" })
})
