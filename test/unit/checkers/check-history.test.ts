import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { checkHistory } from "../../support/checkers/check-history.ts"
import type { History, Operation } from "../../support/checkers/history.ts"
import type { Promises, QueuePromise } from "../../support/checkers/promises.ts"
import { Chance } from "./chance.ts"
import { MUTATIONS } from "./mutations.ts"
import { ReferenceLog } from "./reference-log.ts"
import { DEDUP_WINDOW_MS, MAX_DELIVERIES, ReferenceQueue } from "./reference-queue.ts"

const STEPS = 150
/** Not all can be found: a lease of a group may have ended with another, and what is unknown may have happened. */
const MOSTLY = 0.75

interface Execution {
  readonly operations: readonly Operation[]
  readonly promises: Promises
}

/** What a right broker and its clients made of a seed. */
function execute(seed: number, fifo: boolean): Execution {
  const chance = new Chance(seed)
  const queue = new ReferenceQueue(chance, fifo)
  const log = new ReferenceLog(chance)
  let now = 1_000
  for (let step = 0; step < STEPS; step++) {
    now += 1 + chance.below(400)
    queue.step(now)
    log.step(now)
  }
  const drainedAt = queue.drain(now)
  const common = { dedupScope: "queue", retentionMs: null, retryDelayMs: 0, drainedAt } as const
  const ordering = fifo ? "fifo" : "standard"
  const dead: QueuePromise = { ...common, ordering, maxDeliveries: null, deadLetterQueue: null, dedupWindowMs: null }
  const q = { ...dead, maxDeliveries: MAX_DELIVERIES, deadLetterQueue: "dead", dedupWindowMs: DEDUP_WINDOW_MS }
  const topics = { t: { retentionMs: null, compacted: false } }
  const operations = [...queue.operations, ...log.operations]
  return { operations, promises: { queues: { q, dead }, topics, slackMs: 0 } }
}

function violationsOf({ operations, promises }: Execution, outages: History["outages"] = []): string[] {
  return checkHistory({ operations, outages }, promises).map(({ rule, detail }) => `${rule}: ${detail}`)
}

describe("checkHistory", () => {
  for (const fifo of [false, true]) {
    it(`finds nothing in what a right broker did, ${fifo ? "in order" : "in any order"}`, () => {
      const property = fc.property(fc.nat(), (seed) => {
        expect(violationsOf(execute(seed, fifo))).toEqual([])
      })
      fc.assert(property, { seed: 8, numRuns: 150 })
    })
  }

  for (const [what, mutate] of Object.entries(MUTATIONS)) {
    it(`mostly finds that ${what}`, () => {
      let possible = 0
      let found = 0
      for (let seed = 1; seed <= 40; seed++) {
        const right = execute(seed, seed % 2 === 0)
        const operations = mutate(right.operations, new Chance(seed))
        if (operations === null) continue
        possible++
        if (violationsOf({ ...right, operations }).length > 0) found++
      }
      expect(possible).toBeGreaterThan(20)
      expect(found / possible).toBeGreaterThan(MOSTLY)
    })
  }

  it("says what broke first, first", () => {
    const { operations, promises } = execute(1, false)
    const mutated = MUTATIONS["a message came that nobody sent"]!(operations, new Chance(1))!
    const found = checkHistory({ operations: mutated, outages: [] }, promises)
    expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((one, other) => one - other))
  })

  it("finds nothing where nothing happened", () => {
    expect(violationsOf({ operations: [], promises: { queues: {}, topics: {}, slackMs: 0 } })).toEqual([])
  })
})
