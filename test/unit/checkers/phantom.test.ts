import { describe, expect, it } from "vitest"
import { checkHistory } from "../../support/checkers/check-history.ts"
import { checkPhantom } from "../../support/checkers/phantom.ts"
import { appended, check, got, gotDead, read, sent } from "./build.ts"

describe("checkPhantom", () => {
  it("[Q1] finds a message that was never sent there", () => {
    expect(check(checkPhantom, [sent("a", 0, { queue: "dead" }), got("a", 20)])).toEqual([
      "a client got a (id-a) from q, which was never sent to q",
    ])
  })

  it("[Q1] finds one that was refused, and one that was not sent yet", () => {
    expect(check(checkPhantom, [sent("a", 0, { refused: "queue_full" }), got("a", 20)])).toHaveLength(1)
    expect(check(checkPhantom, [sent("a", 50), got("a", 20)])).toHaveLength(1)
  })

  it("[Q12] finds one under another id or group, and a dead letter that its source never had", () => {
    expect(check(checkPhantom, [sent("a", 0), got("a", 20, 1, { id: "id-b" })])).toHaveLength(1)
    expect(check(checkPhantom, [sent("a", 0, { group: "g" }), got("a", 20, 1, { group: "h" })])).toHaveLength(1)
    expect(check(checkPhantom, [gotDead("a", 20, "rejected", 1)])).toHaveLength(1)
  })

  it("[Q12] finds two messages under one receipt, wherever else they are looked at", () => {
    const operations = [sent("a", 0), sent("b", 0), got("a", 20), got("b", 40, 1, { receipt: "a/1" })]
    expect(check(checkPhantom, operations)).toEqual(["a client got b (id-b) from q under the receipt of id-a"])
    expect(check(checkHistory, operations)).toContain("a client got b (id-b) from q under the receipt of id-a")
  })

  it("[S1] finds a record that was never appended there, was refused, or has another key", () => {
    expect(check(checkPhantom, [appended(["a"], 0, 0, { partition: 1 }), read(0, ["a"], 20)])).toHaveLength(1)
    expect(check(checkPhantom, [appended(["a"], 0, 0, { offsets: [] }), read(0, ["a"], 20)])).toHaveLength(1)
    expect(check(checkPhantom, [appended(["a"], 0, 0, { key: "k" }), read(0, ["a"], 20)])).toHaveLength(1)
    expect(check(checkPhantom, [appended(["a"], 90, 0), read(0, ["a"], 20)])).toHaveLength(1)
  })

  it("[Q1] lets pass what was stored though no answer came, or came later than the message", () => {
    const operations = [
      sent("a", 0, { answeredAt: null }),
      got("a", 20),
      sent("b", 0, { answeredAt: 500 }),
      got("b", 20),
    ]
    expect(check(checkPhantom, operations)).toEqual([])
  })

  it("[Q30] lets pass what was refused once and stored by a repeat", () => {
    const operations = [sent("a", 0, { refused: "queue_full" }), sent("a", 20), got("a", 40)]
    expect(check(checkPhantom, operations)).toEqual([])
  })

  it("[Q12] lets pass dead letters under ids of their own, and what was moved back", () => {
    const operations = [
      sent("a", 0, { group: "g" }),
      gotDead("a", 20, "rejected", 1, { group: "g" }),
      { kind: "redrive", client: "operator", queue: "dead", target: "q", calledAt: 40, answeredAt: 50 } as const,
      got("a", 60, 1, { id: "id-other", group: "g" }),
    ]
    expect(check(checkPhantom, operations)).toEqual([])
  })

  it("[S1] lets pass records whose append was not answered", () => {
    expect(
      check(checkPhantom, [appended(["a"], 0, 0, { answeredAt: null, offsets: null }), read(0, ["a"], 20)]),
    ).toEqual([])
  })
})
