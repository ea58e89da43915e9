import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES, MIN_SUBSCRIPTION_BYTES } from "../../../src/core/limits.ts"
import { Credit } from "../../../src/session/credit.ts"
import { CreditPool } from "../../../src/session/credit-pool.ts"

/** A subscription alone on its socket. */
function alone(): Credit {
  return new Credit(new CreditPool(), () => {})
}

describe("credit", () => {
  it("[W15] grants up to the limits beyond what was delivered", () => {
    const credit = alone()
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES, bytes: MAX_CREDIT_BYTES }).ok).toBe(true)
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES + 1, bytes: null })).toMatchObject({
      error: { code: "invalid_field", pointer: "/credit" },
    })
    credit.delivered(1, 10)
    expect(credit.grant({ messages: MAX_CREDIT_MESSAGES + 1, bytes: MAX_CREDIT_BYTES + 10 }).ok).toBe(true)
    expect(credit.grantedMessages).toBe(MAX_CREDIT_MESSAGES + 1)
  })

  it("[W15] a refused grant changes nothing", () => {
    const credit = alone()
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
    const credit = alone()
    const deliver = (bytes: number): void => {
      credit.delivered(1, bytes)
      credit.left(bytes)
    }
    credit.grant({ messages: 10, bytes: null })
    deliver(MAX_CREDIT_BYTES / 4)
    expect(credit.renew()).toBe(false)
    deliver(MAX_CREDIT_BYTES / 4)
    deliver(MAX_CREDIT_BYTES / 4)
    // what it was granted at first, however much has left
    expect(credit.grantedBytes).toBe(MAX_CREDIT_BYTES)
    expect(credit.renew()).toBe(true)
    expect(credit.grantedBytes).toBe(1.25 * MAX_CREDIT_BYTES)
    deliver(MAX_CREDIT_BYTES)
    credit.grant({ messages: 10, bytes: null })
    expect(credit.grantedBytes).toBe(2.25 * MAX_CREDIT_BYTES)
  })

  it("[W16] bytes that the client speaks of are its own business from then on", () => {
    const credit = alone()
    credit.grant({ messages: 10, bytes: 100 })
    credit.delivered(1, 100)
    credit.left(100)
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
        const credit = alone()
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

/** A subscription whose object delivers all that it may. */
class Scene {
  readonly pool: CreditPool
  readonly credit: Credit
  readonly waiting: number[] = []
  /** How often the object was told of more, because something had left. */
  told = 0
  sentBytes = 0
  #known = 0

  constructor(pool: CreditPool, bytes: number | null = null) {
    this.pool = pool
    this.credit = new Credit(pool, () => {
      this.told += 1
      this.#known = this.credit.grantedBytes
    })
    this.grant(bytes)
  }

  get waitingBytes(): number {
    return this.waiting.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** The object delivers messages of `bytes` until its credit is used up; answers how many. */
  deliver(bytes: number): number {
    let count = 0
    for (; this.sentBytes < this.#known; count++) {
      this.sentBytes += bytes
      this.credit.delivered(1, bytes)
      this.waiting.push(bytes)
    }
    return count
  }

  /** The oldest delivery leaves. */
  leave(): void {
    const bytes = this.waiting.shift()
    if (bytes !== undefined) this.credit.left(bytes)
  }

  grant(bytes: number | null): void {
    this.credit.grant({ messages: MAX_CREDIT_MESSAGES, bytes })
    this.#known = this.credit.grantedBytes
  }

  /** The client shows that it reads. */
  renew(): void {
    if (this.credit.renew()) this.#known = this.credit.grantedBytes
  }
}

describe("bytes of the subscriptions of one socket", () => {
  it("[W63] reach the object only as deliveries leave", () => {
    const scene = new Scene(new CreditPool())
    scene.deliver(1000)
    const { sentBytes } = scene
    expect(scene.deliver(1000)).toBe(0)
    while (scene.told === 0) scene.leave()
    // at half, to do it rarely
    expect(sentBytes - scene.waitingBytes).toBeGreaterThanOrEqual(sentBytes / 2)
    expect(scene.deliver(1000)).toBeGreaterThan(100)
    expect(scene.waitingBytes).toBeLessThanOrEqual(MAX_CREDIT_BYTES / 2 + 1000)
  })

  it("[W63] are shared: many have as much together as one may, and some each", () => {
    for (const count of [1, 2, 7, 64, 256]) {
      const pool = new CreditPool()
      const scenes = Array.from({ length: count }, () => new Scene(pool))
      for (const scene of scenes) {
        expect(scene.credit.grantedBytes).toBeGreaterThanOrEqual(MIN_SUBSCRIPTION_BYTES)
        scene.deliver(100)
      }
      const bytes = scenes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
      expect(bytes).toBeLessThanOrEqual(MAX_CREDIT_BYTES + count * (MIN_SUBSCRIPTION_BYTES + 100))
    }
  })

  it("[W63] a busy one gets what idle ones leave, and gives way to one that becomes busy", () => {
    const pool = new CreditPool()
    const [busy, other] = [new Scene(pool, MAX_CREDIT_BYTES), new Scene(pool, MAX_CREDIT_BYTES)]
    expect(other.credit.grantedBytes).toBe(MAX_CREDIT_BYTES / 4)
    for (let round = 0; round < 200; round++) {
      for (const scene of [busy, other]) {
        scene.deliver(1000)
        for (let left = 0; left < 100; left++) scene.leave()
        scene.grant(scene.sentBytes + MAX_CREDIT_BYTES / 2)
      }
    }
    for (const scene of [busy, other]) {
      expect(scene.sentBytes).toBeGreaterThan(10 * MAX_CREDIT_BYTES)
      expect(scene.waitingBytes).toBeGreaterThan(MAX_CREDIT_BYTES / 6)
    }
  })

  it("[W63] what a subscription held is free when it ends", () => {
    const pool = new CreditPool()
    const scene = new Scene(pool)
    scene.deliver(1000)
    scene.credit.end()
    expect(pool.shareBytes(0)).toBe(MAX_CREDIT_BYTES / 2)
    scene.leave()
    expect(scene.told).toBe(0)
    expect(pool.shareBytes(0)).toBe(MAX_CREDIT_BYTES / 2)
  })

  it("[W63] what a drained subscription may not take any more is free, what waits of it is not", () => {
    const pool = new CreditPool()
    const scene = new Scene(pool)
    scene.deliver(1000)
    scene.leave()
    scene.credit.stop()
    expect(pool.shareBytes(0)).toBe((MAX_CREDIT_BYTES - scene.waitingBytes) / 2)
    while (scene.waiting.length > 0) scene.leave()
    expect(scene.credit.renew()).toBe(false)
    expect([scene.told, pool.shareBytes(0)]).toEqual([0, MAX_CREDIT_BYTES / 2])
  })

  it("[W63] nobody starves, and nothing waits beyond what is granted, whatever happens", () => {
    const action = fc.record({ who: fc.nat(3), size: fc.integer({ min: 100, max: 300_000 }), leave: fc.nat(6) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.nat(2 * 10 ** 6), (actions, bytes) => {
        const pool = new CreditPool()
        const scenes = [null, null, MAX_CREDIT_BYTES, Math.min(bytes, MAX_CREDIT_BYTES)].map(
          (own) => new Scene(pool, own),
        )
        for (const { who, size, leave } of actions) {
          const scene = scenes[who]!
          scene.deliver(size)
          for (let left = 0; left < leave; left++) scene.leave()
          scene.renew()
        }
        const waiting = scenes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
        expect(waiting).toBeLessThanOrEqual(MAX_CREDIT_BYTES + 4 * (MIN_SUBSCRIPTION_BYTES + 300_000))
        for (const scene of scenes) {
          scene.renew()
          while (scene.waiting.length > 0) scene.leave()
        }
        // all has left: whoever may take more gets it
        for (const scene of scenes.slice(0, 2)) expect(scene.deliver(1)).toBeGreaterThan(0)
        expect(pool.shareBytes(0)).toBeLessThanOrEqual(MAX_CREDIT_BYTES / 2)
      }),
      { numRuns: 30 },
    )
  })
})
