import fc from "fast-check"
import { describe, it } from "vitest"
import { GroupModel } from "./group-model.ts"
import { anyStep } from "./model-steps.ts"

describe("a coordinator among calls that get lost", () => {
  it("[G43] one owner at a time, whom the partition agrees with, and a fair assignment in the end", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("uniform" as const, "range" as const),
        fc.array(anyStep, { maxLength: 80, size: "max" }),
        (assignor, steps) => {
          const model = new GroupModel(assignor)
          for (const step of steps) model.run(step)
          model.settle()
        },
      ),
      { numRuns: Number(process.env["RUNS"] ?? 150) },
    )
  }, 120_000)
})
