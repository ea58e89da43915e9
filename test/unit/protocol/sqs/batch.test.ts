import { expect, it } from "vitest"
import { checkBatch, failedEntry } from "../../../../src/protocol/sqs/batch.ts"

const NAME = "DeleteMessageBatchRequestEntry"
const entries = (...ids: readonly string[]) => ids.map((Id) => ({ Id }))
const numbered = (count: number) => entries(...Array.from({ length: count }, (_, index) => `id-${index}`))

it("[X66] a batch has one to ten entries", () => {
  expect(checkBatch(NAME, numbered(1))).toEqual({ ok: true, value: numbered(1) })
  expect(checkBatch(NAME, numbered(10)).ok).toBe(true)
  for (const none of [undefined, []]) {
    expect(checkBatch(NAME, none)).toMatchObject({
      error: {
        name: "EmptyBatchRequest",
        message: "There should be at least one DeleteMessageBatchRequestEntry in the request.",
      },
    })
  }
  expect(checkBatch(NAME, numbered(20))).toMatchObject({
    error: {
      name: "TooManyEntriesInBatchRequest",
      message: "Maximum number of entries per request are 10. You have sent 20.",
    },
  })
})

it.each(["", "invalid:id", "a b", "ä", "testLongId".repeat(10)])("[X66] %j is no id", (Id) => {
  expect(checkBatch(NAME, entries("a", Id))).toMatchObject({
    error: {
      name: "InvalidBatchEntryId",
      message:
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    },
  })
})

it("[X66] no id stands there twice", () => {
  expect(checkBatch(NAME, entries("a", "b", "a"))).toMatchObject({
    error: { name: "BatchEntryIdsNotDistinct", message: "Id a repeated." },
  })
})

it("[X68] [X85] what failed has the code of the query protocol, and says whose fault it is", () => {
  expect(failedEntry({ Id: "a" }, { name: "QueueDoesNotExist", message: "m" })).toEqual({
    Id: "a",
    SenderFault: true,
    Code: "AWS.SimpleQueueService.NonExistentQueue",
    Message: "m",
  })
  expect(failedEntry({ Id: "a" }, { name: "ServiceUnavailable", message: "m" })).toMatchObject({ SenderFault: false })
})
