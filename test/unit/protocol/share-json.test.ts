import { expect, test } from "vitest"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import type { Delivery } from "../../../src/core/log/types.ts"
import { parseShareReceipt } from "../../../src/protocol/native/receipt.ts"
import { shareContent, sharePart, sharePartsJson } from "../../../src/protocol/native/share-json.ts"
import { record } from "./rows.ts"

const SOURCE = { incarnation: 4, partition: 3, stateId: 2, stateGeneration: 9 }

interface Content {
  readonly records: { offset: number; receipt: string }[]
  readonly ranges: { firstOffset: number; lastOffset: number; receipt: string }[]
}

test("[H110] records as a read shows them, each with its receipt", () => {
  const content = parse(shareContent(SOURCE, [delivery(5, 1)], "broker"))
  expect(content.records).toEqual([
    {
      partition: 3,
      offset: 5,
      timestamp: 1000,
      key: "k",
      body: "at 5",
      headers: { h: "v" },
      receipt: content.records[0]!.receipt,
      deliveryCount: 2,
    },
  ])
  const named = { incarnation: 4, shard: 3, stateId: 2, stateGeneration: 9, offset: 5, attempt: 1, count: 1 }
  expect(parseShareReceipt(content.records[0]!.receipt)).toEqual({ ok: true, value: named })
})

test("[H111] records that follow one another under one attempt are a range", () => {
  const deliveries = [delivery(9, 1), delivery(5, 1), delivery(6, 1), delivery(7, 2), delivery(8, 1)]
  const { records, ranges } = parse(shareContent(SOURCE, deliveries, "broker"))
  expect(records.map(({ offset }) => offset)).toEqual([9, 5, 6, 7, 8])
  expect(ranges.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset])).toEqual([
    [5, 6],
    [7, 7],
    [8, 9],
  ])
  expect(ranges.map(({ receipt }) => parseShareReceipt(receipt))).toMatchObject([
    { value: { offset: 5, attempt: 1, count: 2 } },
    { value: { offset: 7, attempt: 2, count: 1 } },
    { value: { offset: 8, attempt: 1, count: 2 } },
  ])
})

test("[H111] a damaged record has a receipt, and a problem in the place of its content", () => {
  const { records } = parse(shareContent(SOURCE, [{ ...delivery(5, 1), frame: new Uint8Array(0) }], "broker"))
  expect(records[0]).toMatchObject({
    partition: 3,
    offset: 5,
    timestamp: 1000,
    deliveryCount: 2,
    problem: { code: "corrupt_batch", firstOffset: 5, lastOffset: 5 },
  })
  expect(records[0]).not.toHaveProperty("body")
})

test("partitions stand one after the other", () => {
  const parts = [0, 1].map((partition) => sharePart({ ...SOURCE, partition }, [delivery(partition, 1)], "broker"))
  const { records, ranges } = parse(sharePartsJson(parts))
  expect(records).toMatchObject([{ partition: 0 }, { partition: 1 }])
  expect(ranges).toMatchObject([{ partition: 0 }, { partition: 1 }])
  expect(parse(sharePartsJson([]))).toEqual({ records: [], ranges: [] })
})

function delivery(offset: number, attempt: number): Delivery {
  const frame = encodeFrame(record(`at ${offset}`, "k", [["h", "v"]]))
  return { offset, messageId: offset, appendedAt: 1000, attempt, deliveryCount: 2, firstDeliveredAt: 1, frame }
}

function parse(members: string): Content {
  return JSON.parse(`{${members}}`) as Content
}
