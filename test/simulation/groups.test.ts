import { describe, expect, it } from "vitest"
import { FAULTS, type Fault } from "./faults.ts"
import { GroupWorld } from "./group-world.ts"
import { Violation } from "./ledger.ts"
import { seedsFromEnvironment, type Seeds } from "./seeds.ts"

const SEEDS: Seeds = { from: 1, count: 2_000 }
/** Within so many a planted fault is to be seen. */
const SEEDS_PER_FAULT = 40

/** What one seed breaks, or null. */
function violationOf(seed: number, fault: Fault | null, trace?: (what: string) => void): string | null {
  const world = new GroupWorld(seed, fault, trace)
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

describe("a group, its partitions and its members in trouble", () => {
  it("[G1] [G2] [G10] [G20] [G50] one owner at a time, nothing skipped, keys in order, and a fair end", () => {
    const { from, count, trace } = seedsFromEnvironment(SEEDS)
    for (let seed = from; seed < from + count; seed++) {
      const violation = violationOf(seed, null, trace)
      expect(
        violation,
        `seed ${seed}: replay it with SIMULATION_SEED=${seed} npm test -- --project simulation`,
      ).toBeNull()
    }
  })

  it.each(FAULTS)("is seen to break where it is wired wrongly: %s", (fault) => {
    const seeds = Array.from({ length: SEEDS_PER_FAULT }, (_, index) => index + 1)
    expect(seeds.some((seed) => violationOf(seed, fault) !== null)).toBe(true)
  })
})
