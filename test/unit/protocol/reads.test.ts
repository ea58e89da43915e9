import { describe, expect, it } from "vitest"
import type { LogRecord } from "../../../src/core/log/types.ts"
import { recordFilter } from "../../../src/protocol/native/record-filter.ts"
import { readEntries, type ReadRows, type ReadView } from "../../../src/protocol/native/reads.ts"
import { damage, record, rowsOf } from "./rows.ts"

/** Everything as it is stored. */
const WHOLE_VIEW: ReadView = { filter: null, damaged: "report", timestamp: "broker" }
const all = (maxRecords = 100) => ({ fromOffset: 10, maxRecords })

function reply(rows: Uint8Array, nextOffset: number, damaged: ReadRows["damaged"] = []): ReadRows {
  return { rows, damaged, nextOffset, endOffset: 50 }
}

function view(changes: Partial<ReadView>): ReadView {
  return { ...WHOLE_VIEW, ...changes }
}

const offsets = ({ entries }: ReturnType<typeof readEntries>): number[] => entries.map(({ offset }) => offset)

describe("what a read shows", () => {
  const records = ["a", "b", "a", "b", "a"].map((key, index) => record(`${index}`, key, [["n", `${index % 2}`]]))
  const rows = rowsOf(records, 10)

  it("[H61] a filter leaves out and moves on; the limit counts what is shown", () => {
    const ofA = view({ filter: recordFilter("a", null) })
    expect(offsets(readEntries(reply(rows, 15), all(), ofA))).toEqual([10, 12, 14])
    expect(readEntries(reply(rows, 15), all(2), ofA)).toMatchObject({ nextOffset: 13 })
    expect(readEntries(reply(rows, 15), all(), view({ filter: recordFilter("c", null) }))).toEqual({
      entries: [],
      nextOffset: 15,
      endOffset: 50,
    })
    expect(offsets(readEntries(reply(rows, 15), all(), view({ filter: recordFilter(null, "n:1") })))).toEqual([11, 13])
    expect(offsets(readEntries(reply(rows, 15), all(), view({ filter: recordFilter("a", "n:1") })))).toEqual([])
    expect(recordFilter(null, null)).toBeNull()
  })

  it("[H61] a key is compared byte by byte; a record without one has none", () => {
    const keys = [record("", null), record("", ""), record("", "ab"), record("", "a")]
    const show = (key: string) =>
      offsets(readEntries(reply(rowsOf(keys, 10), 14), all(), view({ filter: recordFilter(key, null) })))
    expect([show(""), show("a"), show("ab"), show("abc")]).toEqual([[11], [13], [12], []])
  })

  it("[H62] damaged records stand among the others, or are skipped; the read is behind them either way", () => {
    const broken = damage(rows, [11, 12])
    const lost = [{ firstOffset: 15, lastOffset: 18 }]
    const reported = readEntries(reply(broken, 19, lost), all(), WHOLE_VIEW)
    expect(reported.entries.map(({ offset, lastOffset, isDamaged }) => [offset, lastOffset, isDamaged])).toEqual([
      [10, 10, false],
      [11, 12, true],
      [13, 13, false],
      [14, 14, false],
      [15, 18, true],
    ])
    expect(JSON.parse(reported.entries[1]!.json)).toMatchObject({
      offset: 11,
      lastOffset: 12,
      problem: { code: "corrupt_batch", firstOffset: 11, lastOffset: 12 },
    })
    const skipped = readEntries(reply(broken, 19, lost), all(), view({ damaged: "skip" }))
    expect(offsets(skipped)).toEqual([10, 13, 14])
    expect([reported.nextOffset, skipped.nextOffset]).toEqual([19, 19])
  })

  it("[H82] shows the producer's time where the topic does, and the record has one", () => {
    const timed: LogRecord[] = [{ ...record("x", null), producedAt: 77 }, record("y", null)]
    const show = (timestamp: ReadView["timestamp"]) =>
      readEntries(reply(rowsOf(timed, 10), 12), all(), view({ timestamp })).entries.map(
        ({ json }) => (JSON.parse(json) as { timestamp: number }).timestamp,
      )
    expect(show("broker")).toEqual([1000, 1000])
    expect(show("producer")).toEqual([77, 1000])
  })
})
