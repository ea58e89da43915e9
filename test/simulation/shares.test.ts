import { describe, expect, it } from "vitest"
import { SHARE_FAULTS, type ShareFault } from "./faults.ts"
import { Violation } from "./ledger.ts"
import { seedsFromEnvironment } from "./seeds.ts"
import { ShareWorld } from "./share-world.ts"

const SEEDS = { from: 1, count: 2_000 }
/** Within so many a planted fault is to be seen. */
const SEEDS_PER_FAULT = 40

/** What one seed breaks, or null. */
function violationOf(seed: number, fault: ShareFault | null, trace?: (what: string) => void): string | null {
  const world = new ShareWorld(seed, fault, trace)
  try {
    world.run()
    return null
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw new Error(`seed ${seed}`, { cause: error })
  } finally {
    world.close()
  }
}

describe("a share group, its partitions and its members in trouble", () => {
  it("[P1] [P13] [P18] [P23] [P34] loses nothing, delivers no more than the limit, one by one", () => {
    const { from, count, trace } = seedsFromEnvironment(SEEDS)
    for (let seed = from; seed < from + count; seed++) {
      const violation = violationOf(seed, null, trace)
      expect(
        violation,
        `seed ${seed}: replay it with SIMULATION_SEED=${seed} npm test -- --project simulation`,
      ).toBeNull()
    }
  })

  it.each(SHARE_FAULTS)("is seen to break where it is wired wrongly: %s", (fault) => {
    const seeds = Array.from({ length: SEEDS_PER_FAULT }, (_, index) => index + 1)
    expect(seeds.some((seed) => violationOf(seed, fault) !== null)).toBe(true)
  })
})
