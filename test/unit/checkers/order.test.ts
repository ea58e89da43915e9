import { describe, expect, it } from "vitest"
import type { Delivered, Send } from "../../support/checkers/history.ts"
import { checkOrder } from "../../support/checkers/order.ts"
import { appended, check, got, sent, settled } from "./build.ts"

const fifo = { queue: { ordering: "fifo" } } as const
const send = (value: string, at: number, rest: { group?: string; answeredAt?: number | null } = {}) =>
  sent(value, at, { group: "g", ...rest })
const receive = (value: string, at: number, count = 1, rest: Partial<Delivered> = {}) =>
  got(value, at, count, { group: "g", ...rest })
const inOrder = [send("a", 0), send("b", 20)]

describe("checkOrder", () => {
  it("[Q14] finds a message that came before an earlier one of its group", () => {
    expect(check(checkOrder, [...inOrder, receive("b", 40), receive("a", 60)], fifo)).toEqual([
      "b of the group g in q came to receiver (receipt b/1) at 50, before a was done: it came to receiver at 70",
    ])
  })

  it("[Q14] finds a message that came while an earlier one was in other hands, and came back", () => {
    const operations = [...inOrder, receive("a", 40), receive("b", 60, 1, { client: "other" }), receive("a", 12_000, 2)]
    expect(check(checkOrder, operations, fifo)).toHaveLength(1)
  })

  it("[Q14] finds a batch in the wrong order", () => {
    expect(check(checkOrder, [...inOrder, receive("b", 40), receive("a", 40)], fifo)).toHaveLength(1)
  })

  it("[Q3] finds messages of one send in the wrong order", () => {
    const [a, b] = [send("a", 0), send("b", 0)]
    const batch: Send = { ...a, messages: [...a.messages, ...b.messages], results: [...a.results!, ...b.results!] }
    expect(check(checkOrder, [batch, receive("b", 40), receive("a", 60)], fifo)).toHaveLength(1)
    expect(check(checkOrder, [batch, receive("a", 40), settled("ack", "a/1", 50), receive("b", 60)], fifo)).toEqual([])
  })

  it("[S1] finds records whose offsets are not in the order of their appends", () => {
    expect(check(checkOrder, [appended(["a"], 0, 5), appended(["b"], 20, 4)])).toEqual([
      "b, appended to t/0 at 20, has the offset 4; a, which was stored by 10, has 5",
    ])
  })

  it("[Q14] lets pass another group, and messages whose sends overlap", () => {
    const other = [send("a", 0), send("b", 20, { group: "h" })]
    expect(check(checkOrder, [...other, receive("b", 40, 1, { group: "h" }), receive("a", 60)], fifo)).toEqual([])
    const overlapping = [send("a", 0, { answeredAt: 30 }), send("b", 20)]
    expect(check(checkOrder, [...overlapping, receive("b", 40), receive("a", 60)], fifo)).toEqual([])
  })

  it("[Q14] lets pass a message behind one whose send was not answered", () => {
    const operations = [send("a", 0, { answeredAt: null }), send("b", 20), receive("b", 40), receive("a", 60)]
    expect(check(checkOrder, operations, fifo)).toEqual([])
  })

  it("[Q14] lets pass one client that gets several, and gets them again in order", () => {
    const operations = [
      ...inOrder,
      receive("a", 40),
      receive("b", 40),
      settled("nack", "a/1", 60),
      receive("a", 80, 2, { client: "other" }),
      receive("b", 80, 2, { client: "other" }),
    ]
    expect(check(checkOrder, operations, fifo)).toEqual([])
  })

  it("[Q14] lets pass answers that overtake each other", () => {
    const operations = [...inOrder, receive("b", 300, 1, { answeredAt: 310 }), receive("a", 40, 1, { answeredAt: 320 })]
    expect(check(checkOrder, operations, fifo)).toEqual([])
  })

  it("[S1] [S6] lets pass appends that overlap, and one that was sent again", () => {
    expect(check(checkOrder, [appended(["a"], 0, 5, { answeredAt: 30 }), appended(["b"], 20, 4)])).toEqual([])
    const producer = { id: "p", epoch: 0, sequence: 0 }
    const again = [appended(["a"], 0, 4, { producer }), appended(["b"], 20, 5), appended(["a"], 40, 4, { producer })]
    expect(check(checkOrder, again)).toEqual([])
  })
})
