import { describe, expect, it } from "vitest"
import { checkOffsets } from "../../support/checkers/offsets.ts"
import { appended, check, read } from "./build.ts"

const log = [appended(["a"], 0, 0), appended(["b"], 20, 1)]

describe("checkOffsets", () => {
  it("[S1] finds an offset that stands for another value than before", () => {
    expect(check(checkOffsets, [...log, read(0, ["a", "c"], 40), appended(["c"], 5, 2)])).toEqual(
      expect.arrayContaining(["t/0: the offset 1 stands for b and for c"]),
    )
    expect(check(checkOffsets, [...log, appended(["c"], 40, 1)])).not.toEqual([])
  })

  it("[S6] finds a value at two offsets that was appended once", () => {
    const producer = { id: "p", epoch: 0, sequence: 0 }
    const twice = [appended(["a"], 0, 0, { producer }), appended(["a"], 20, 1, { producer }), read(0, ["a", "a"], 40)]
    expect(check(checkOffsets, twice)).toEqual(["t/0: a stands at the offsets 0 and 1, appended 1 times"])
    expect(check(checkOffsets, twice.slice(0, 2))).toHaveLength(1)
  })

  it("[S1] finds offsets that were left out", () => {
    expect(check(checkOffsets, [appended(["a"], 0, 0), appended(["b"], 20, 2)])).toEqual([
      "t/0: 1 offsets below 2 stand for nothing, of 0 that may: 1",
    ])
    expect(check(checkOffsets, [appended(["a", "b"], 0, 0, { offsets: [0, 2] })])).not.toEqual([])
  })

  it("[S2] finds a read that is out of order, begins early or goes back", () => {
    const records = [1, 0].map((offset) => ({ offset, value: offset === 0 ? "a" : "b", key: null, timestamp: 0 }))
    expect(check(checkOffsets, [...log, read(0, [], 40, { records, nextOffset: 2 })])).toHaveLength(1)
    expect(check(checkOffsets, [...log, read(0, ["a", "b"], 40, { from: 1 })])).toHaveLength(1)
    expect(check(checkOffsets, [...log, read(0, ["a", "b"], 40, { nextOffset: 1 })])).toHaveLength(1)
  })

  it("[S6] lets pass what was appended twice, as two or as a repeat", () => {
    expect(check(checkOffsets, [appended(["a"], 0, 0), appended(["a"], 20, 1), read(0, ["a", "a"], 40)])).toEqual([])
    const producer = { id: "p", epoch: 0, sequence: 0 }
    const lost = appended(["a"], 0, 0, { producer, answeredAt: null, offsets: null })
    expect(check(checkOffsets, [lost, appended(["a"], 20, 0, { producer }), read(0, ["a"], 40)])).toEqual([])
  })

  it("[S1] lets pass a gap that an append without an answer may fill", () => {
    const unknown = appended(["x"], 10, 0, { answeredAt: null, offsets: null })
    expect(check(checkOffsets, [appended(["a"], 0, 0), unknown, appended(["b"], 20, 2)])).toEqual([])
    expect(check(checkOffsets, [appended(["a"], 0, 0), unknown, appended(["b"], 20, 3)])).toHaveLength(1)
  })

  it("[S39] [S1] lets pass gaps of a compacted topic, and offsets of another partition", () => {
    const records = [{ offset: 1, value: "b", key: null, timestamp: 0 }]
    const gap = [...log, read(0, [], 40, { records, nextOffset: 2 })]
    expect(check(checkOffsets, gap, { topic: { compacted: true } })).toEqual([])
    expect(check(checkOffsets, [appended(["a"], 0, 0), appended(["b"], 20, 0, { partition: 1 })])).toEqual([])
  })
})
