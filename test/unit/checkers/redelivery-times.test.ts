import { describe, expect, it } from "vitest"
import { checkRedeliveryTimes } from "../../support/checkers/redelivery-times.ts"
import { check, foundNothing, got, sent, settled } from "./build.ts"

const once = [sent("a", 0), got("a", 20)]
/** Due at 10,030, late from 11,130 on. */
const late = got("a", 12_000, 2)

describe("checkRedeliveryTimes", () => {
  it("[Q9] finds what came back before the delay of its nack", () => {
    const nack = settled("nack", "a/1", 40, { ms: 500 })
    expect(check(checkRedeliveryTimes, [...once, nack, got("a", 400, 2)])).toEqual([
      "id-a in q was nacked at 40 (receipt a/1) for 500 ms, and came early to receiver",
    ])
  })

  it("[Q22] finds what came before the time of its send", () => {
    expect(check(checkRedeliveryTimes, [sent("a", 0, { delayMs: 500 }), got("a", 400)])).toHaveLength(1)
  })

  it("[Q8] finds what came back late, though a receive waited or asked", () => {
    expect(check(checkRedeliveryTimes, [...once, foundNothing(10_000, 1_500), late])).toEqual([
      expect.stringContaining("a (id-a) in q was due at 10030, and came late, at 12010: a receive of waiting waited"),
    ])
    expect(check(checkRedeliveryTimes, [...once, foundNothing(11_500), late])).toHaveLength(1)
  })

  it("[Q22] [Q9] finds what came late after its send, and after its nack", () => {
    expect(check(checkRedeliveryTimes, [sent("a", 0), foundNothing(2_000), got("a", 2_500)])).toHaveLength(1)
    const nack = settled("nack", "a/1", 40, { ms: 500 })
    expect(check(checkRedeliveryTimes, [...once, nack, foundNothing(2_000), got("a", 2_500, 2)])).toHaveLength(1)
  })

  it("[Q8] lets pass what nobody had asked for, or asked for only up to its time", () => {
    expect(check(checkRedeliveryTimes, [...once, foundNothing(10_000, 1_100), late])).toEqual([])
    expect(check(checkRedeliveryTimes, [...once, foundNothing(10_500, 0, { answeredAt: 12_500 }), late])).toEqual([])
  })

  it("[Q8] lets pass what was due while the broker was down", () => {
    const outages = [{ from: 9_000, until: 11_000 }]
    expect(check(checkRedeliveryTimes, [...once, foundNothing(11_500), late], { outages })).toEqual([])
    const over = [{ from: 7_000, until: 9_000 }]
    expect(check(checkRedeliveryTimes, [...once, foundNothing(11_500), late], { outages: over })).toHaveLength(1)
  })

  it("[Q8] lets pass what somebody may have held whose answer was lost", () => {
    const unseen = foundNothing(10_100, 0, { answeredAt: null })
    expect(check(checkRedeliveryTimes, [...once, unseen, foundNothing(11_500), late])).toEqual([])
    const release = { kind: "release", client: "other", at: 9_000 } as const
    expect(check(checkRedeliveryTimes, [...once, release, foundNothing(11_500), late])).toEqual([])
    expect(check(checkRedeliveryTimes, [...once, foundNothing(11_500), got("a", 12_000, 3)])).toEqual([])
  })

  it("[Q39] [Q9] lets pass what waits as the queue says, and a nack that was refused or not answered", () => {
    const nack = settled("nack", "a/1", 40)
    const operations = [...once, nack, foundNothing(2_000), got("a", 2_500, 2)]
    expect(check(checkRedeliveryTimes, operations, { queue: { retryDelayMs: 2_000 } })).toEqual([])
    for (const result of [null, "receipt_expired"]) {
      const unsure = settled("nack", "a/1", 40, { ms: 50_000, result, answeredAt: result === null ? null : 50 })
      expect(check(checkRedeliveryTimes, [...once, unsure, got("a", 12_000, 2)])).toEqual([])
    }
  })
})
