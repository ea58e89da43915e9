import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Consumer, Consumers, creditOf } from "../../../src/core/delivery/consumers.ts"

function consumer(id: number, grantedMessages = 1000, grantedBytes = 1000): Consumer {
  return { id, grantedMessages, grantedBytes, sentMessages: 0, sentBytes: 0 }
}

function consumersOf(...all: readonly Consumer[]): Consumers<Consumer> {
  const consumers = new Consumers<Consumer>()
  for (const one of all) consumers.add(one)
  return consumers
}

/** Shares out `available` messages to consumers that take all they are offered, up to `most` each time. */
function serve(consumers: Consumers<Consumer>, available: number, most = Infinity): [number, number][] {
  const served: [number, number][] = []
  consumers.share(available, (one, maxMessages) => {
    const taken = Math.min(maxMessages, most)
    one.sentMessages += taken
    served.push([one.id, taken])
    return taken
  })
  return served
}

describe("turns", () => {
  it("[D34] shares are equal among those with credit", () => {
    const consumers = consumersOf(consumer(1), consumer(2, 0), consumer(3), consumer(4))
    expect(serve(consumers, 9)).toEqual([
      [1, 3],
      [3, 3],
      [4, 3],
    ])
    expect(serve(consumers, 4)).toEqual([
      [1, 2],
      [3, 1],
      [4, 1],
    ])
  })

  it("[D34] the next turn begins after the one that was served last", () => {
    const consumers = consumersOf(consumer(1), consumer(2), consumer(3))
    const order = [1, 1, 1, 1, 1].map((available) => serve(consumers, available)[0]![0])
    expect(order).toEqual([1, 2, 3, 1, 2])
  })

  it("[D34] the turn can be given to any part of the ring", () => {
    const consumers = consumersOf(consumer(1), consumer(2), consumer(3))
    const first = [0, 0.34, 0.99].map((part) => {
      consumers.turnTo(part)
      return serve(consumers, 1)[0]![0]
    })
    expect(first).toEqual([1, 2, 3])
    const none = consumersOf()
    none.turnTo(0.5)
    expect(serve(none, 1)).toEqual([])
  })

  it("[D34] what one has no credit for goes to the others", () => {
    const consumers = consumersOf(consumer(1, 1), consumer(2, 100), consumer(3, 2))
    serve(consumers, 20)
    expect(consumers.all.map(({ sentMessages }) => sentMessages)).toEqual([1, 17, 2])
  })

  it("[D34] ends where nobody takes anything, though messages and credit are left", () => {
    expect(serve(consumersOf(consumer(1), consumer(2)), 10, 0)).toEqual([
      [1, 0],
      [2, 0],
    ])
    expect(serve(consumersOf(), 10)).toEqual([])
  })

  it("[D34] who leaves loses the turn, and nobody else does", () => {
    const consumers = consumersOf(consumer(1), consumer(2), consumer(3), consumer(4))
    serve(consumers, 1)
    serve(consumers, 1)
    consumers.remove(1)
    expect(serve(consumers, 1)[0]![0]).toBe(3)
    consumers.remove(4)
    consumers.remove(99)
    expect(serve(consumers, 1)[0]![0]).toBe(2)
    expect(consumers.find(3)?.sentMessages).toBe(1)
    expect(consumers.find(4)).toBeUndefined()
  })

  it("[D34] [W65] of ten thousand those in turn are asked, and no more of them than there is for", () => {
    const consumers = consumersOf(...Array.from({ length: 10_000 }, (_, id) => consumer(id + 1)))
    expect(serve(consumers, 3)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    expect(serve(consumers, 1)).toEqual([[4, 1]])
    // whoever can't take what there is leaves it to the next in turn
    let asked = 0
    consumers.share(2, () => (++asked > 50 ? 1 : 0))
    expect(asked).toBe(52)
    for (const id of Array.from(consumers.all, (one) => one.id)) consumers.remove(id)
    expect(serve(consumers, 1)).toEqual([])
  })

  it("[D34] over time equal consumers get the same, to within one message", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(20), { maxLength: 50 }), (size, batches) => {
        const consumers = consumersOf(...Array.from({ length: size }, (_, id) => consumer(id + 1, 100_000)))
        for (const available of batches) serve(consumers, available)
        const sent = consumers.all.map(({ sentMessages }) => sentMessages)
        expect(sent.reduce((sum, one) => sum + one, 0)).toBe(batches.reduce((sum, one) => sum + one, 0))
        if (batches.every((available) => available <= 1)) {
          expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

describe("credit", () => {
  it("[D35] is what was granted less what was sent, and never below none", () => {
    const one = consumer(1, 10)
    expect(creditOf(one)).toBe(10)
    one.sentMessages = 7
    expect(creditOf(one)).toBe(3)
    one.grantedMessages = 5
    expect(creditOf(one)).toBe(0)
    one.grantedMessages = 20
    expect(creditOf(one)).toBe(13)
  })

  it("[D35] is none once the bytes are used up, whatever the messages", () => {
    const one = consumer(1, 10, 100)
    one.sentBytes = 99
    expect(creditOf(one)).toBe(10)
    one.sentBytes = 100
    expect(creditOf(one)).toBe(0)
    one.sentBytes = 180
    expect(creditOf(one)).toBe(0)
    one.grantedBytes = 181
    expect(creditOf(one)).toBe(10)
  })

  it("[D35] is never exceeded, and nothing is left over that someone had credit for", () => {
    const grants = fc.array(fc.record({ messages: fc.nat(30), bytes: fc.nat(300) }), { maxLength: 10 })
    fc.assert(
      fc.property(grants, fc.nat(200), (granted, available) => {
        const all = granted.map(({ messages, bytes }, id) => consumer(id + 1, messages, bytes))
        let left = available
        consumersOf(...all).share(available, (one, maxMessages) => {
          expect(maxMessages).toBeLessThanOrEqual(Math.min(creditOf(one), left))
          one.sentMessages += 1
          one.sentBytes += 10
          left -= 1
          return 1
        })
        for (const one of all) {
          expect(one.sentMessages).toBeLessThanOrEqual(one.grantedMessages)
          expect(one.sentBytes).toBeLessThan(one.grantedBytes + 10)
        }
        if (left > 0) expect(all.every((one) => creditOf(one) === 0)).toBe(true)
      }),
    )
  })
})
