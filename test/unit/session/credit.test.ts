import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES } from "../../../src/core/limits.ts"
import { Credit } from "../../../src/session/credit.ts"

describe("credit", () => {
  it("[W15] grants up to the limits beyond what was delivered", () => {
    const credit = new Credit()
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES, bytes: MAX_CREDIT_BYTES }).ok).toBe(true)
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES + 1, bytes: null })).toMatchObject({
      error: { code: "invalid_field", pointer: "/credit" },
    })
    credit.delivered(1, 10)
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES + 1, bytes: MAX_CREDIT_BYTES + 10 }).ok).toBe(true)
    expect(credit.grantedBytes).toBe(MAX_CREDIT_BYTES + 10)
  })

  it("[W15] a refused grant changes nothing", () => {
    const credit = new Credit()
    credit.grant({ messages: 5, bytes: 100 })
    const refused = [
      { messages: 4, bytes: 100 },
      { messages: 6, bytes: 99 },
      { messages: 6, bytes: MAX_CREDIT_BYTES + 1 },
    ].map((grant) => credit.grant(grant).ok)
    expect(refused).toEqual([false, false, false])
    expect([credit.grantedMessages, credit.grantedBytes]).toEqual([5, 100])
  })

  it("[W16] bytes that the client does not speak of follow the deliveries, when it shows that it reads", () => {
    const credit = new Credit()
    credit.grant({ messages: 10, bytes: null })
    expect(credit.grantedBytes).toBe(MAX_CREDIT_BYTES)
    credit.delivered(1, MAX_CREDIT_BYTES / 4)
    expect(credit.renew()).toBe(false)
    credit.delivered(1, MAX_CREDIT_BYTES)
    expect(credit.renew()).toBe(true)
    expect(credit.grantedBytes).toBe(2.25 * MAX_CREDIT_BYTES)
    credit.delivered(1, 1)
    credit.grant({ messages: 10, bytes: null })
    expect(credit.grantedBytes).toBe(2.25 * MAX_CREDIT_BYTES + 1)
  })

  it("[W16] bytes that the client speaks of are its own business from then on", () => {
    const credit = new Credit()
    credit.grant({ messages: 10, bytes: 100 })
    credit.delivered(1, 100)
    expect(credit.renew()).toBe(false)
    credit.grant({ messages: 11, bytes: null })
    expect(credit.grantedBytes).toBe(100)
  })

  it("[W15] totals never go back, and never stand out further than the limits", () => {
    const step = fc.record({
      messages: fc.nat(30_000),
      bytes: fc.option(fc.nat(3 * MAX_CREDIT_BYTES)),
      take: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const credit = new Credit()
        let delivered = 0
        for (const { messages, bytes, take } of steps) {
          const before = credit.grantedMessages
          credit.grant({ messages, bytes })
          expect(credit.grantedMessages).toBeGreaterThanOrEqual(before)
          expect(credit.grantedMessages - delivered).toBeLessThanOrEqual(MAX_CREDIT_MESSAGES)
          const count = Math.min(take, credit.grantedMessages - delivered)
          credit.delivered(count, count * 1000)
          delivered += count
        }
      }),
    )
  })
})
