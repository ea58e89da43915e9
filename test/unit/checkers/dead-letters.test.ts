import { describe, expect, it } from "vitest"
import { checkDeadLetters } from "../../support/checkers/dead-letters.ts"
import { check, foundNothing, got, gotDead, sent, settled } from "./build.ts"

const spent = { queue: { deadLetterQueue: "dead", maxDeliveries: 2 }, dead: { drainedAt: 100_000 } }
const twice = [sent("a", 0), got("a", 20), settled("nack", "a/1", 40), got("a", 60, 2), settled("nack", "a/2", 80)]

describe("checkDeadLetters", () => {
  it("[Q11] finds a spent and a rejected message that never arrived", () => {
    expect(check(checkDeadLetters, twice, spent)).toEqual([
      "a in q had its last delivery (receipt a/2), and was never seen in dead",
    ])
    expect(check(checkDeadLetters, [sent("a", 0), got("a", 20), settled("reject", "a/1", 40)], spent)).toHaveLength(1)
    expect(check(checkDeadLetters, [sent("a", 0), got("a", 20, 2)], spent)).toHaveLength(1)
  })

  it("[Q11] finds one that arrived twice", () => {
    const again = gotDead("a", 200, "max_deliveries", 2, { id: "dead-again", receipt: "again" })
    expect(check(checkDeadLetters, [...twice, gotDead("a", 100, "max_deliveries", 2), again], spent)).toHaveLength(1)
  })

  it("[Q12] finds a wrong count and a wrong reason", () => {
    for (const letter of [
      gotDead("a", 100, "max_deliveries", 1),
      gotDead("a", 100, "max_deliveries", 3),
      gotDead("a", 100, "rejected", 2),
    ]) {
      expect(check(checkDeadLetters, [...twice, letter], spent)).toHaveLength(1)
    }
    const retained = { ...spent, queue: { ...spent.queue, retentionMs: 60_000 } }
    expect(check(checkDeadLetters, [...twice, gotDead("a", 100, "expired", 2)], retained)).toHaveLength(1)
  })

  it("[Q11] finds one that was acknowledged, and one that stayed in its queue as well", () => {
    const acked = [sent("a", 0), got("a", 20, 2), settled("ack", "a/2", 40), gotDead("a", 12_000, "max_deliveries", 2)]
    expect(check(checkDeadLetters, acked, spent)).toEqual([
      expect.stringContaining("acknowledgement was confirmed at 50"),
    ])
    const both = [
      sent("a", 0),
      got("a", 20),
      settled("reject", "a/1", 40),
      gotDead("a", 60, "rejected", 1),
      got("a", 100, 2),
    ]
    expect(check(checkDeadLetters, both, spent)).toHaveLength(1)
  })

  it("[D16] finds one that was delivered too often", () => {
    expect(check(checkDeadLetters, [...twice, got("a", 100, 3), settled("ack", "a/3", 120)], spent)).toHaveLength(1)
  })

  it("[D6] finds one whose deliveries were forgotten, unless it was given back with its client or in order", () => {
    const limit = { queue: { maxDeliveries: 5 } }
    const again = [...twice, got("a", 100, 2, { receipt: "again" })]
    expect(check(checkDeadLetters, again, limit)).toEqual([
      "a in q was delivered for the 2th time, after it was for the 2th",
    ])
    const release = { kind: "release", client: "receiver", at: 70 } as const
    expect(check(checkDeadLetters, [...again, release], limit)).toEqual([])
    expect(check(checkDeadLetters, again, { queue: { ...limit.queue, ordering: "fifo" } })).toEqual([])
    expect(check(checkDeadLetters, again)).toEqual([])
  })

  it("[D6] [W55] lets pass what was nacked without an answer, as its socket may have gone on without it", () => {
    const unsure = settled("nack", "a/1", 40, { result: null, answeredAt: null })
    const operations = [sent("a", 0), got("a", 20), unsure, got("a", 100, 1, { receipt: "again" })]
    expect(check(checkDeadLetters, operations, { queue: { maxDeliveries: 5 } })).toEqual([])
  })

  it("[D6] [W55] lets pass what came again before its time, as its socket may have gone on without it", () => {
    const run = (at: number): string[] => {
      const operations = [sent("a", 0), got("a", 20), got("a", at, 1, { receipt: "again" })]
      return check(checkDeadLetters, operations, { queue: { maxDeliveries: 5 } })
    }
    expect(run(100)).toEqual([])
    expect(run(60_000)).toHaveLength(1)
  })

  it("[D6] lets pass two deliveries that may have come in the other order", () => {
    const slow = got("a", 20, 1, { client: "slow", answeredAt: 200 })
    const operations = [sent("a", 0), got("a", 60, 2), slow]
    expect(check(checkDeadLetters, operations, { queue: { maxDeliveries: 5 } })).toEqual([])
  })

  it("[Q11] lets pass what arrived once and was delivered again there", () => {
    const letter = gotDead("a", 100, "max_deliveries", 2)
    const again = gotDead("a", 12_000, "max_deliveries", 2, { receipt: "again", deliveryCount: 2 })
    expect(check(checkDeadLetters, [...twice, letter, again], spent)).toEqual([])
  })

  it("[Q11] lets pass a message whose last acknowledgement may have counted, or came when it had left", () => {
    const unknown = settled("ack", "a/2", 40, { result: null, answeredAt: null })
    expect(check(checkDeadLetters, [sent("a", 0), got("a", 20, 2), unknown], spent)).toEqual([])
    const late = [
      sent("a", 0),
      got("a", 20, 2),
      settled("ack", "a/2", 12_000),
      gotDead("a", 11_000, "max_deliveries", 2),
    ]
    expect(check(checkDeadLetters, late, spent)).toEqual([])
  })

  it("[D8] [D20] lets pass an acknowledgement by a lease that one of its group had ended, of what another rejected", () => {
    const delayed = got("a", 20, 1, { client: "slow", receipt: "a/first", answeredAt: 200, group: "g" })
    const next = got("a", 100, 1, { receipt: "a/second", group: "g" })
    const reject = settled("reject", "a/second", 120, { result: null, answeredAt: null })
    const ack = settled("ack", "a/first", 220, { client: "slow" })
    const letter = gotDead("a", 300, "rejected", 1, { group: "g" })
    const operations = [sent("a", 0, { group: "g" }), next, reject, delayed, ack, letter]
    const fifo = { ...spent, queue: { ...spent.queue, ordering: "fifo" } } as const
    expect(check(checkDeadLetters, operations, fifo)).toEqual([])
    // where nothing but the client ends a lease it is a fault, as it is without the other's reject
    expect(check(checkDeadLetters, operations, spent)).toHaveLength(1)
    const others = operations.filter((operation) => operation !== reject)
    expect(check(checkDeadLetters, others, fifo)).toHaveLength(1)
  })

  it("[Q31] lets pass the dead letter of one of two that were stored, though the other was acknowledged", () => {
    const later = [sent("a", 50_000, { id: "id-later" }), got("a", 50_020, 1, { id: "id-later", receipt: "later" })]
    const letter = gotDead("a", 90_000, "max_deliveries", 2)
    expect(check(checkDeadLetters, [sent("a", 0), ...later, settled("ack", "later", 50_040), letter], spent)).toEqual(
      [],
    )
  })

  it("[Q11] lets pass one that was spent by deliveries that nobody saw", () => {
    const operations = [
      sent("a", 0),
      foundNothing(20, 0, { answeredAt: null }),
      gotDead("a", 30_000, "max_deliveries", 2),
    ]
    expect(check(checkDeadLetters, operations, spent)).toEqual([])
  })

  it("[Q13] [D13] lets pass what may be on its way yet, was given back with its client, or was redriven", () => {
    expect(check(checkDeadLetters, twice, { ...spent, dead: { drainedAt: 500 } })).toEqual([])
    const release = { kind: "release", client: "receiver", at: 40 } as const
    expect(check(checkDeadLetters, [sent("a", 0), got("a", 20, 2), release], spent)).toEqual([])
    const moved = {
      kind: "redrive",
      client: "operator",
      queue: "dead",
      target: "q",
      calledAt: 90,
      answeredAt: 95,
    } as const
    expect(check(checkDeadLetters, [...twice, moved], spent)).toEqual([])
  })
})
