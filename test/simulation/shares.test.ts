import { describe, it } from "vitest"
import { SHARE_FAULTS, type ShareFault } from "./faults.ts"
import { ShareWorld } from "./share-world.ts"
import { expectNoViolation, expectViolation } from "./violations.ts"

const world = (seed: number, fault: ShareFault | null, trace?: (what: string) => void): ShareWorld =>
  new ShareWorld(seed, fault, trace)

describe("a share group, its partitions and its members in trouble", () => {
  it("[P1] [P13] [P18] [P23] [P34] loses nothing, delivers no more than the limit, one by one", () =>
    expectNoViolation(world))

  it.each(SHARE_FAULTS)("is seen to break where it is wired wrongly: %s", (fault) => expectViolation(world, fault))
})
