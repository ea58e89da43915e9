import fc from "fast-check"
import { expect, it } from "vitest"
import {
  messageOfUuid,
  sequenceNumber,
  uuidOfMessage,
  uuidOfNativeId,
} from "../../../../src/protocol/sqs/message-id.ts"

const NUMBER = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const MESSAGE = fc.record({ incarnation: NUMBER, shard: fc.nat({ max: 255 }), counter: NUMBER })
const UUID_8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

it("[X61] a message id is a UUID of version 8, from which the native id can be told", () => {
  fc.assert(
    fc.property(MESSAGE, (message) => {
      const uuid = uuidOfMessage(message)
      expect(uuid).toMatch(UUID_8)
      expect(messageOfUuid(uuid)).toEqual(message)
    }),
  )
})

it("[X61] a native id of a message has a UUID, that of a record has none", () => {
  expect(uuidOfNativeId("7-0-12")).toBe(uuidOfMessage({ incarnation: 7, shard: 0, counter: 12 }))
  expect(uuidOfNativeId("3/12")).toBeNull()
  expect(uuidOfNativeId("7-256-12")).toBeNull()
})

it("[X61] other UUIDs are no message ids", () => {
  expect(messageOfUuid("0192f0c1-2345-7abc-8def-0123456789ab")).toBeNull()
  expect(messageOfUuid("ffffffff-ffff-8fff-8fff-ffffffffffff")).toBeNull()
})

it("[X75] a sequence number has 20 digits and grows with its message", () => {
  fc.assert(
    fc.property(NUMBER, NUMBER, (one, other) => {
      expect(sequenceNumber(one)).toMatch(/^\d{20}$/)
      expect(Math.sign(sequenceNumber(one).localeCompare(sequenceNumber(other)))).toBe(Math.sign(one - other))
    }),
  )
})
