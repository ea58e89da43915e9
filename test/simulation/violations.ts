import { expect } from "vitest"
import { Violation } from "./ledger.ts"
import { seedsFromEnvironment } from "./seeds.ts"

/** Seeds of a usual run. */
const SEEDS = { from: 1, count: 2_000 }
/** Within so many a planted fault is to be seen. */
const SEEDS_PER_FAULT = 40

/** A simulation that a seed decides, and that throws a `Violation` where a promise is broken. */
interface World {
  run(): void
  close(): void
}

/** Makes the world of a seed, wired wrongly by `fault`, or rightly for null. */
type MakeWorld<Fault> = (seed: number, fault: Fault | null, trace?: (what: string) => void) => World

/** Expects that no seed breaks anything. */
export function expectNoViolation<Fault>(make: MakeWorld<Fault>): void {
  const { from, count, trace } = seedsFromEnvironment(SEEDS)
  for (let seed = from; seed < from + count; seed++) {
    const replay = `seed ${seed}: replay it with SIMULATION_SEED=${seed} npm test -- --project simulation`
    expect(
      violationOf(seed, () => make(seed, null, trace)),
      replay,
    ).toBeNull()
  }
}

/** Expects that one of the first seeds shows a planted fault. */
export function expectViolation<Fault>(make: MakeWorld<Fault>, fault: Fault): void {
  const seeds = Array.from({ length: SEEDS_PER_FAULT }, (_, index) => index + 1)
  expect(seeds.some((seed) => violationOf(seed, () => make(seed, fault)) !== null)).toBe(true)
}

/** What one seed breaks, or null. */
function violationOf(seed: number, make: () => World): string | null {
  const world = make()
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
