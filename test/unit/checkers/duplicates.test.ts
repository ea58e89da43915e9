import { describe, expect, it } from "vitest"
import { checkDuplicates } from "../../support/checkers/duplicates.ts"
import { check, got, sent } from "./build.ts"

const window = { queue: { dedupWindowMs: 10_000 } }
const dedup = (value: string, at: number, id?: string, rest: Parameters<typeof sent>[2] = {}) =>
  sent(value, at, { dedupId: "d", ...(id === undefined ? {} : { id }), ...rest })

describe("checkDuplicates", () => {
  it("[Q30] finds a repeat that was answered with another id", () => {
    expect(check(checkDuplicates, [dedup("a", 0), dedup("b", 500)], window)).toEqual([
      "b with the deduplication id d, sent to q at 500, was answered with id-b within the window of id-a, sent at 0",
    ])
  })

  it("[Q31] finds one just before the window's end, also after repeats", () => {
    const operations = [dedup("a", 0), dedup("a", 5_000), dedup("a", 9_980, "id-other")]
    expect(check(checkDuplicates, operations, window)).toHaveLength(1)
  })

  it("[Q30] finds a message that came twice, though it was sent for one", () => {
    const copies = [got("a", 600), got("a", 700, 1, { id: "id-other", receipt: "other" })]
    expect(
      check(checkDuplicates, [dedup("a", 0, undefined, { answeredAt: null }), dedup("a", 500), ...copies], window),
    ).toEqual(["a came from q as id-a and id-other, and was sent for 1 of them"])
    expect(check(checkDuplicates, [sent("a", 0), ...copies])).toHaveLength(1)
  })

  it("[Q31] finds a message that was swallowed after the window", () => {
    expect(check(checkDuplicates, [dedup("a", 0), dedup("b", 10_200, "id-a")], window)).toHaveLength(1)
  })

  it("[Q30] lets pass a repeat that was answered with the first id, and one after the window", () => {
    expect(check(checkDuplicates, [dedup("a", 0), dedup("b", 9_000, "id-a"), dedup("c", 10_000)], window)).toEqual([])
  })

  it("[Q30] [Q1] lets pass another id after a send without an answer that may have been the first", () => {
    const operations = [dedup("a", 0, undefined, { answeredAt: null }), dedup("a", 5_000), dedup("b", 10_500)]
    expect(check(checkDuplicates, operations, window)).toEqual([])
  })

  it("[Q35] lets pass another group's where each has ids of its own", () => {
    const operations = [dedup("a", 0, undefined, { group: "g" }), dedup("b", 500, undefined, { group: "h" })]
    expect(check(checkDuplicates, operations, { queue: { dedupWindowMs: 10_000, dedupScope: "group" } })).toEqual([])
    expect(check(checkDuplicates, operations, window)).toHaveLength(1)
  })

  it("[Q1] [Q35] lets pass what was sent twice on purpose, refused, or moved", () => {
    const copies = [got("a", 600), got("a", 700, 1, { id: "id-other", receipt: "other" })]
    expect(check(checkDuplicates, [sent("a", 0, { answeredAt: null }), sent("a", 500), ...copies])).toEqual([])
    expect(
      check(checkDuplicates, [dedup("a", 0, undefined, { refused: "dedup_full" }), dedup("a", 500)], window),
    ).toEqual([])
    const moved = {
      kind: "redrive",
      client: "operator",
      queue: "dead",
      target: "q",
      calledAt: 0,
      answeredAt: 10,
    } as const
    expect(check(checkDuplicates, [moved, sent("a", 0), ...copies])).toEqual([])
  })
})
