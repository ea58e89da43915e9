import { describe, expect, it } from "vitest"
import { checkFencedCommits } from "../../support/checkers/fenced-commits.ts"
import { check, committed, owned } from "./build.ts"

const first = [owned("m", 1, 0, 0), committed("m", 1, 10, 20)]

describe("checkFencedCommits", () => {
  it("[G2] finds a commit of an older epoch after a later one was told", () => {
    expect(check(checkFencedCommits, [...first, owned("n", 2, 10, 40), committed("m", 1, 20, 60)])).toEqual(
      expect.arrayContaining([
        "g at t/0: the commit of 20 by m at epoch 1 was accepted at 60; n had been told epoch 2 by 40",
      ]),
    )
  })

  it("[G2] finds an owner that was told less than what was committed, or nothing", () => {
    expect(check(checkFencedCommits, [...first, owned("n", 2, 5, 40)])).toEqual([
      "g at t/0: n was told 5 at epoch 2, and the commit of 10 by m at epoch 1 was accepted before",
    ])
    expect(check(checkFencedCommits, [...first, owned("n", 2, null, 40)])).toHaveLength(1)
    expect(check(checkFencedCommits, [...first, owned("n", 2, 5, 40), owned("o", 3, 0, 60)])).toHaveLength(2)
  })

  it("[G2] finds an owner that was told more", () => {
    expect(check(checkFencedCommits, [...first, owned("n", 2, 15, 40)])).toHaveLength(1)
  })

  it("[G1] finds two owners of one epoch, and a commit by another than the owner", () => {
    expect(check(checkFencedCommits, [first[0]!, owned("n", 1, 0, 40)])).toHaveLength(1)
    expect(check(checkFencedCommits, [...first, committed("n", 1, 10, 40)])).toHaveLength(1)
  })

  it("[G2] lets pass a commit that was refused, or called before the new owner was told", () => {
    const refused = committed("m", 1, 20, 60, { result: "fenced" })
    expect(check(checkFencedCommits, [...first, owned("n", 2, 10, 40), refused])).toEqual([])
    const slow = committed("m", 1, 20, 30, { answeredAt: 300 })
    expect(check(checkFencedCommits, [...first, slow, owned("n", 2, 20, 40)])).toEqual([])
  })

  it("[G2] lets pass either offset after a commit without an answer", () => {
    const unknown = committed("m", 1, 20, 30, { answeredAt: null, result: null })
    expect(check(checkFencedCommits, [...first, unknown, owned("n", 2, 10, 60)])).toEqual([])
    expect(check(checkFencedCommits, [...first, unknown, owned("n", 2, 20, 60)])).toEqual([])
    expect(check(checkFencedCommits, [...first, unknown, owned("n", 2, 15, 60)])).toHaveLength(1)
  })

  it("[G3] lets pass a group that goes back, by a commit or a seek", () => {
    expect(check(checkFencedCommits, [...first, committed("m", 1, 4, 40), owned("n", 2, 4, 60)])).toEqual([])
    const seek = {
      kind: "seek",
      client: "operator",
      group: "g",
      topic: "t",
      partition: 0,
      calledAt: 30,
      answeredAt: 35,
    } as const
    expect(check(checkFencedCommits, [...first, seek, owned("n", 2, 0, 60)])).toEqual([])
  })

  it("[G6] [G26] lets pass what moved on with the log's start, and news that came late", () => {
    expect(check(checkFencedCommits, [...first, owned("n", 2, 50, 40)], { topic: { retentionMs: 1_000 } })).toEqual([])
    const late = [...first, owned("n", 2, 10, 40), committed("n", 2, 20, 60), owned("m", 1, 0, 80)]
    expect(check(checkFencedCommits, late)).toEqual([])
  })
})
