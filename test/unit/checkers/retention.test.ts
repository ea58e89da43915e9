import { describe, expect, it } from "vitest"
import { checkRetention } from "../../support/checkers/retention.ts"
import { appended, check, got, gotDead, read, sent } from "./build.ts"

const minute = { queue: { retentionMs: 60_000 }, topic: { retentionMs: 60_000 } }
const thousand = Array.from({ length: 1_000 }, (_, index) => `a${index}`)

describe("checkRetention", () => {
  it("[Q36] finds a message that came after its time, first or again", () => {
    expect(check(checkRetention, [sent("a", 0), got("a", 60_200)], minute)).toEqual([
      "a in q came to receiver, asked for at 60200, expired by 60110",
    ])
    expect(check(checkRetention, [sent("a", 0), got("a", 50_000), got("a", 60_200, 2)], minute)).toHaveLength(1)
  })

  it("[S13] finds records that were read after the whole log's time, or that of their row", () => {
    expect(check(checkRetention, [appended(["a"], 0, 0), read(0, ["a"], 70_200)], minute)).toEqual([])
    expect(check(checkRetention, [appended(["a"], 0, 0), read(0, ["a"], 71_200)], minute)).toEqual([
      "a at t/0/0 was read by reader at 71200, and its row was gone by 71110",
    ])
    const operations = [appended(thousand, 0, 0), appended(["b"], 71_000, 1_000), read(0, ["a0"], 71_200)]
    expect(check(checkRetention, operations, minute)).toHaveLength(1)
  })

  it("[S4] finds records that were read after a trim", () => {
    const trim = {
      kind: "trim",
      client: "operator",
      topic: "t",
      partition: 0,
      before: 1,
      calledAt: 20,
      answeredAt: 30,
    } as const
    expect(check(checkRetention, [appended(["a"], 0, 0), trim, read(0, ["a"], 40)])).toHaveLength(1)
    expect(check(checkRetention, [appended(["a"], 0, 0), trim, read(0, ["a"], 25)])).toEqual([])
  })

  it("[Q36] [Q22] lets pass what was asked for in time, or entered the log later", () => {
    expect(check(checkRetention, [sent("a", 0), got("a", 59_000, 1, { answeredAt: 65_000 })], minute)).toEqual([])
    expect(check(checkRetention, [sent("a", 0, { delayMs: 5_000 }), got("a", 62_000)], minute)).toEqual([])
  })

  it("[Q1] [Q38] lets pass what may have been stored later, and dead letters", () => {
    expect(check(checkRetention, [sent("a", 0, { answeredAt: null }), got("a", 62_000)], minute)).toEqual([])
    const dead = { ...minute, dead: { retentionMs: 60_000 } }
    expect(check(checkRetention, [sent("a", 0), gotDead("a", 90_000, "rejected", 1)], dead)).toEqual([])
  })

  it("[S13] lets pass a record in one row with younger ones, and one whose time came while the broker was down", () => {
    const younger = [appended(["a"], 0, 0), appended(["b"], 30_000, 1), read(0, ["a", "b"], 72_000)]
    expect(check(checkRetention, younger, minute)).toEqual([])
    const unknown = appended(["b"], 50, 1, { answeredAt: null, offsets: null })
    expect(check(checkRetention, [appended(["a"], 0, 0), unknown, read(0, ["a"], 72_000)], minute)).toEqual([])
    const outages = [{ from: 60_000, until: 71_500 }]
    expect(check(checkRetention, [appended(["a"], 0, 0), read(0, ["a"], 72_000)], { ...minute, outages })).toEqual([])
  })
})
