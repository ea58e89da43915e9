import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DedupKey } from "../../../src/core/log/types.ts"
import { collidingKeys, DedupScene, keyOf } from "./dedup-scene.ts"

const KEYS: readonly DedupKey[] = [
  ...collidingKeys(2),
  ...Array.from({ length: 12 }, (_, index) => keyOf(`${"k".repeat(index * index * 10)}${index}`)),
]
const STARTED_AT = 1_700_000_000_000

interface Use {
  readonly messageId: number
  readonly expiresAt: number
}

/** The window with a list of all uses of each key beside it. */
class Comparison {
  readonly scene = new DedupScene()
  readonly uses = new Map<DedupKey, Use[]>(KEYS.map((key) => [key, []]))
  now = STARTED_AT
  /** What had expired at this instant may be forgotten, should the clock go back. */
  seenAt = 0

  expected(key: DedupKey, now: number): Use | null {
    return this.uses.get(key)!.findLast(({ expiresAt }) => expiresAt > now) ?? null
  }

  send(key: DedupKey, windowMs: number): void {
    const held = this.expected(key, this.now)
    const newId = this.scene.lastMessageId + 1
    const messageId = this.scene.send(key, this.now, windowMs)
    if (held && held.expiresAt > this.seenAt) expect(messageId).toBe(held.messageId)
    else if (messageId === newId) this.uses.get(key)!.push({ messageId, expiresAt: this.now + windowMs })
    else {
      // the clock went back, and this one was not forgotten yet
      const use = this.uses.get(key)!.find((earlier) => earlier.messageId === messageId)
      expect(use?.expiresAt).toBeGreaterThan(this.now)
    }
  }

  commit(): void {
    this.scene.commit(this.now)
    this.seenAt = Math.max(this.seenAt, this.now)
    const newestNo = Math.max(...this.scene.rows.keys())
    expect(this.scene.window.nextSweepAt).toBe(this.scene.rows.get(newestNo)?.expiresAt ?? null)
  }

  /** At the instants at which something expires, and right before. */
  probe(): void {
    for (const [key, uses] of this.uses) {
      for (const { expiresAt } of uses.slice(-3)) this.#probeAt(key, expiresAt)
      this.#probeAt(key, this.now + 1)
    }
  }

  #probeAt(key: DedupKey, expiresAt: number): void {
    for (const now of [expiresAt - 1, expiresAt]) {
      if (now < this.seenAt) continue
      expect(this.scene.window.find(key, now)).toBe(this.expected(key, now)?.messageId ?? null)
    }
  }
}

const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      sends: fc.array(
        fc.record({ key: fc.nat(KEYS.length - 1), windowMs: fc.constantFrom(1, 100, 1000, 1000, 1000, 8000) }),
        { maxLength: 8 },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      elapsedMs: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: -1500, max: 9000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("reload" as const, "room" as const) }) },
)

describe("the deduplication window beside a plain list", () => {
  it("[Q30] [Q31] [Q34] knows every key until its instant, whatever is committed, reloaded or done to the clock", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60, size: "max" }), (steps) => {
        const comparison = new Comparison()
        for (const step of steps) {
          switch (step.do) {
            case "send":
              for (const { key, windowMs } of step.sends) comparison.send(KEYS[key]!, windowMs)
              if (step.sends.length > 2) comparison.probe()
              comparison.commit()
              break
            case "pass":
              comparison.now += step.elapsedMs
              break
            case "reload":
              comparison.scene.reload()
              break
            case "room":
              expect(comparison.scene.window.hasRoomFor(1, comparison.now)).toBe(true)
              break
          }
          comparison.probe()
        }
      }),
      { numRuns: 150 },
    )
  })
})
