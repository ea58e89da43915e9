import { describe, it } from "vitest"
import { type Fault, FAULTS } from "./faults.ts"
import { GroupWorld } from "./group-world.ts"
import { expectNoViolation, expectViolation } from "./violations.ts"

const world = (seed: number, fault: Fault | null, trace?: (what: string) => void): GroupWorld =>
  new GroupWorld(seed, fault, trace)

describe("a group, its partitions and its members in trouble", () => {
  it("[G1] [G2] [G10] [G20] [G50] one owner at a time, nothing skipped, keys in order, and a fair end", () =>
    expectNoViolation(world))

  it.each(FAULTS)("is seen to break where it is wired wrongly: %s", (fault) => expectViolation(world, fault))
})
