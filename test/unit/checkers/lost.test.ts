import { describe, expect, it } from "vitest"
import { checkLost } from "../../support/checkers/lost.ts"
import { check, foundNothing, got, gotDead, sent, settled } from "./build.ts"

const drained = { drainedAt: 100_000 }

describe("checkLost", () => {
  it("[Q1] finds a confirmed message that never came", () => {
    const found = check(checkLost, [sent("a", 0), sent("b", 0), got("b", 20), settled("ack", "b/1", 40)], {
      queue: drained,
    })
    expect(found).toEqual([expect.stringMatching(/^a \(id-a\) in q was confirmed, .*never delivered/)])
  })

  it("[Q1] finds a message that did not come back after its lease", () => {
    const found = check(checkLost, [sent("a", 0), got("a", 20), settled("extend", "a/1", 40, { ms: 20_000 })], {
      queue: drained,
    })
    expect(found).toEqual([expect.stringMatching(/last delivered at 30 \(receipt a\/1\).*available by 20050/)])
  })

  it("[Q1] finds a message that did not come back after a nack, or an acknowledgement that was refused", () => {
    const refused = settled("ack", "b/1", 12_000, { result: "receipt_expired" })
    const operations = [sent("a", 0), got("a", 20), settled("nack", "a/1", 40), sent("b", 0), got("b", 20), refused]
    expect(check(checkLost, operations, { queue: drained })).toHaveLength(2)
  })

  it("[Q11] finds a dead letter that was seen in its queue and did not come back", () => {
    const operations = [sent("a", 0), got("a", 20), settled("reject", "a/1", 40), gotDead("a", 100, "rejected", 1)]
    expect(check(checkLost, operations, { queue: { deadLetterQueue: "dead" }, dead: drained })).toHaveLength(1)
  })

  it("[Q1] lets pass what may not have been stored, and what may have been acknowledged", () => {
    const operations = [
      sent("a", 0, { answeredAt: null }),
      sent("b", 0, { refused: "queue_full" }),
      sent("c", 0),
      got("c", 20),
      settled("ack", "c/1", 40, { answeredAt: null, result: null }),
    ]
    expect(check(checkLost, operations, { queue: drained })).toEqual([])
  })

  it("[Q1] lets pass what was not due when the queue was drained, or could not be because the broker was down", () => {
    const operations = [sent("a", 0, { delayMs: 99_500 }), sent("b", 0), got("b", 97_000)]
    expect(check(checkLost, operations, { queue: drained })).toEqual([])
    const outages = [{ from: 50_000, until: 99_500 }]
    expect(check(checkLost, [sent("a", 50_500)], { queue: drained, outages })).toEqual([])
  })

  it("[Q36] [Q24] lets pass what may have expired, or was taken away", () => {
    expect(check(checkLost, [sent("a", 0)], { queue: { ...drained, retentionMs: 60_000 } })).toEqual([])
    const removed = {
      kind: "remove",
      client: "operator",
      queue: "q",
      ids: ["id-a"],
      calledAt: 50,
      answeredAt: 60,
    } as const
    expect(check(checkLost, [sent("a", 0), removed], { queue: drained })).toEqual([])
    expect(check(checkLost, [sent("a", 100), removed], { queue: drained })).toHaveLength(1)
  })

  it("[Q13] lets pass what may have been spent by deliveries that nobody saw, and was dropped", () => {
    const unseen = [50, 20_000].map((at) => foundNothing(at, 0, { answeredAt: null }))
    const queue = { ...drained, maxDeliveries: 3 }
    expect(check(checkLost, [sent("a", 0), got("a", 20), ...unseen], { queue })).toEqual([])
    expect(check(checkLost, [sent("a", 0), got("a", 20), unseen[0]!], { queue })).toHaveLength(1)
  })

  it("[Q30] lets pass what was answered as the repeat of another message", () => {
    const [first, repeat] = [sent("a", 0, { dedupId: "d" }), sent("b", 20, { dedupId: "d", id: "id-a" })]
    expect(check(checkLost, [first, repeat, got("a", 40), settled("ack", "a/1", 60)], { queue: drained })).toEqual([])
    expect(check(checkLost, [first, repeat], { queue: drained })).toEqual([expect.stringMatching(/^a /)])
  })

  it("[Q1] says nothing of a queue that was not drained, nor of nothing", () => {
    expect(check(checkLost, [sent("a", 0)])).toEqual([])
    expect(check(checkLost, [], { queue: drained })).toEqual([])
  })
})
