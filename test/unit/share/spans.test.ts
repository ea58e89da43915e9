import { expect, it } from "vitest"
import { MAX_SHARE_LOG_ENTRIES } from "../../../src/core/limits.ts"
import { Spans } from "../../../src/core/stream/share/spans.ts"

const ENTRY = { appendedAt: 0, messageId: 0, keyHash: 0, expiresAt: 0, length: 1, position: 0 }

/** A row of 1,000 records. */
function spanAt(baseOffset: number) {
  const entries = Array.from({ length: 1_000 }, (_, index) => ({ ...ENTRY, offset: baseOffset + index }))
  return { baseOffset, lastOffset: baseOffset + 999, entries }
}

it("[P21] of the rows that were looked at so many are remembered, the last among them", () => {
  const spans = new Spans()
  for (let row = 0; row < 100; row++) spans.add(spanAt(row * 1_000))
  const known = Array.from({ length: 100 }, (_, row) => spans.find(row * 1_000 + 500)).filter((span) => span !== null)
  expect(known.length * 1_000).toBeLessThanOrEqual(MAX_SHARE_LOG_ENTRIES + 1_000)
  expect(spans.find(99_999)).toMatchObject({ baseOffset: 99_000 })
})

it("[P21] rows are found in any order, and one that changed is not", () => {
  const spans = new Spans()
  for (const base of [4_000, 1_000, 7_000]) spans.add(spanAt(base))
  expect([1_000, 4_999, 7_500].map((offset) => spans.find(offset)?.baseOffset)).toEqual([1_000, 4_000, 7_000])
  expect([0, 2_000, 3_999, 8_000].map((offset) => spans.find(offset))).toEqual([null, null, null, null])
  spans.drop(4_000)
  expect(spans.find(4_000)).toBeNull()
  spans.add({ ...spanAt(1_000), lastOffset: 2_500 })
  expect(spans.find(2_400)).toMatchObject({ baseOffset: 1_000, lastOffset: 2_500 })
})

it("[P21] rows that the log does not begin with any more are forgotten, and leave room for others", () => {
  const spans = new Spans()
  const rows = MAX_SHARE_LOG_ENTRIES / 1_000
  for (let row = 0; row < rows - 1; row++) spans.add(spanAt(row * 1_000))
  spans.dropBefore(2_000)
  expect([500, 1_500, 2_500].map((offset) => spans.find(offset)?.baseOffset)).toEqual([undefined, undefined, 2_000])
  for (const row of [rows - 1, rows]) spans.add(spanAt(row * 1_000))
  expect(spans.find(2_500)).toMatchObject({ baseOffset: 2_000 })
})
