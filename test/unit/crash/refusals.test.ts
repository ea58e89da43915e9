import { describe, expect, it } from "vitest"
import { checkRefusals } from "../../support/crash/refusals.ts"
import { appended, committed, sent } from "../checkers/build.ts"

const check = (...operations: Parameters<typeof checkRefusals>[0]["operations"]): string[] =>
  checkRefusals({ operations, outages: [] }).map(({ detail }) => detail)
const refused = { offsets: [] }
const producer = (epoch: number) => ({ producer: { id: "7", epoch, sequence: 0 } })

describe("checkRefusals", () => {
  it("finds a send and an append that were refused", () => {
    expect(check(sent("a", 0, { refused: "storage_full" }), appended(["b"], 0, 0, refused))).toEqual([
      "a send of sender to q (storage_full) was refused",
      "an append of producer to t/0 was refused",
    ])
    expect(check(appended(["a"], 0, 0, { ...refused, ...producer(1) }))).toHaveLength(1)
  })

  it("finds a producer that is refused, and was not replaced by then", () => {
    const late = appended(["a"], 0, 0, { ...refused, ...producer(1) })
    expect(check(late, appended(["b"], 20, 0, producer(2)))).toHaveLength(1)
    expect(check(late, appended(["b"], 0, 0, { producer: { id: "8", epoch: 2, sequence: 0 } }))).toHaveLength(1)
  })

  it("lets pass what is stored or unknown, is refused with its commit, or comes from a producer that was replaced", () => {
    const unknown = { answeredAt: null }
    expect(check(sent("a", 0), sent("b", 0, unknown), appended(["c"], 0, 0))).toEqual([])
    expect(check(committed("m", 1, 1, 0), appended(["a"], 0, 0, { ...refused, client: "m" }))).toEqual([])
    expect(check(appended(["a"], 0, 0, producer(2)), appended(["b"], 20, 0, { ...refused, ...producer(1) }))).toEqual(
      [],
    )
  })
})
