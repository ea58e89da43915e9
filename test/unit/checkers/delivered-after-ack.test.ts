import { describe, expect, it } from "vitest"
import { checkDeliveredAfterAck } from "../../support/checkers/delivered-after-ack.ts"
import { check, got, sent, settled } from "./build.ts"

const once = [sent("a", 0), got("a", 20)]

describe("checkDeliveredAfterAck", () => {
  it("[Q2] finds a delivery that was asked for after the acknowledgement was confirmed", () => {
    expect(check(checkDeliveredAfterAck, [...once, settled("ack", "a/1", 40), got("a", 60, 2)])).toEqual([
      "id-a in q came to receiver (receipt a/2), asked for at 60; its ack by receipt a/1 was confirmed at 50",
    ])
  })

  it("[Q2] finds each delivery, also after the acknowledgement of a later one", () => {
    const operations = [
      ...once,
      got("a", 20_000, 2),
      settled("ack", "a/2", 20_040),
      got("a", 20_060, 3),
      got("a", 40_000, 4),
    ]
    expect(check(checkDeliveredAfterAck, operations)).toHaveLength(2)
  })

  it("[D12] finds a delivery of what was rejected", () => {
    expect(check(checkDeliveredAfterAck, [...once, settled("reject", "a/1", 40), got("a", 60, 2)])).toHaveLength(1)
  })

  it("[Q2] goes by the first confirmation where it was acknowledged twice", () => {
    const twice = [settled("ack", "a/1", 40), settled("ack", "a/1", 100)]
    expect(check(checkDeliveredAfterAck, [...once, ...twice, got("a", 60, 2)])).toHaveLength(1)
  })

  it("[Q2] lets pass a receive that was made before the confirmation came", () => {
    const operations = [...once, settled("ack", "a/1", 40), got("a", 45, 2, { answeredAt: 500 })]
    expect(check(checkDeliveredAfterAck, operations)).toEqual([])
  })

  it("[Q1] [D7] lets pass one after an acknowledgement without an answer, or one that was refused", () => {
    for (const result of [null, "receipt_expired"]) {
      const ack = settled("ack", "a/1", 40, { result, answeredAt: result === null ? null : 50 })
      expect(check(checkDeliveredAfterAck, [...once, ack, got("a", 20_000, 2)])).toEqual([])
    }
  })

  it("[Q2] lets pass another message with the same value, and one that was nacked", () => {
    const other = got("a", 60, 1, { id: "id-other", receipt: "other" })
    expect(check(checkDeliveredAfterAck, [...once, settled("ack", "a/1", 40), sent("a", 50), other])).toEqual([])
    expect(check(checkDeliveredAfterAck, [...once, settled("nack", "a/1", 40), got("a", 60, 2)])).toEqual([])
  })
})
