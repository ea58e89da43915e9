import { describe, expect, it } from "vitest"
import { checkLeasedTwice } from "../../support/checkers/leased-twice.ts"
import { check, got, settled, VISIBILITY_MS } from "./build.ts"

describe("checkLeasedTwice", () => {
  it("[D4] finds a message that two have at once", () => {
    expect(check(checkLeasedTwice, [got("a", 0), got("a", 50, 2, { client: "other" })])).toEqual([
      "id-a in q came to other at 60 (receipt a/2) while receiver held it since 10 (receipt a/1), at least until 10000",
    ])
  })

  it("[Q8] finds one that came just before the deadline of its lease", () => {
    expect(check(checkLeasedTwice, [got("a", 0), got("a", VISIBILITY_MS - 20, 2)])).toHaveLength(1)
  })

  it("[H29] finds one that came before the end of a lease that was extended", () => {
    const extended = settled("extend", "a/1", 5_000, { ms: VISIBILITY_MS })
    expect(check(checkLeasedTwice, [got("a", 0), extended, got("a", 12_000, 2)])).toHaveLength(1)
  })

  it("[D7] finds one whose nack was refused, and one behind a shorter lease", () => {
    const nack = settled("nack", "a/1", 40, { result: "invalid_receipt" })
    expect(check(checkLeasedTwice, [got("a", 0), nack, got("a", 60, 2)])).toHaveLength(1)
    const short = got("a", 50, 2, { visibilityTimeoutMs: 20 })
    expect(check(checkLeasedTwice, [got("a", 0), short, got("a", 500, 3)])).toHaveLength(2)
  })

  it("[Q8] lets pass a delivery that came after the deadline, or may have left after it", () => {
    expect(check(checkLeasedTwice, [got("a", 0), got("a", VISIBILITY_MS, 2)])).toEqual([])
    expect(check(checkLeasedTwice, [got("a", 0, 1, { answeredAt: 11_500 }), got("a", 11_000, 2)])).toEqual([])
  })

  it("[D10] [D11] lets pass one that was given back, or may have been", () => {
    for (const given of [
      settled("nack", "a/1", 40),
      settled("nack", "a/1", 40, { answeredAt: null, result: null }),
      settled("extend", "a/1", 40, { ms: 0 }),
      settled("extend", "a/1", 40, { ms: 10, answeredAt: null, result: null }),
    ]) {
      expect(check(checkLeasedTwice, [got("a", 0), given, got("a", 60, 2)])).toEqual([])
    }
  })

  it("[D13] lets pass what a client had that is gone", () => {
    const release = { kind: "release", client: "receiver", at: 40 } as const
    expect(check(checkLeasedTwice, [got("a", 0), release, got("a", 60, 1, { receipt: "a/1b" })])).toEqual([])
    expect(check(checkLeasedTwice, [got("a", 0), { ...release, client: "other" }, got("a", 60, 2)])).toHaveLength(1)
  })

  it("[Q17] lets pass the answer to a receive that was repeated", () => {
    expect(check(checkLeasedTwice, [got("a", 0), got("a", 50)])).toEqual([])
  })

  it("[Q14] lets pass what ended with the lease of another message of its group", () => {
    const operations = [
      got("a", 0, 1, { group: "g" }),
      got("b", 0, 1, { group: "g" }),
      settled("nack", "a/1", 40),
      got("a", 60, 2, { group: "g", client: "other" }),
      got("b", 60, 1, { group: "g", client: "other", receipt: "b/1b" }),
    ]
    expect(check(checkLeasedTwice, operations, { queue: { ordering: "fifo" } })).toEqual([])
    expect(check(checkLeasedTwice, operations)).toHaveLength(1)
  })
})
