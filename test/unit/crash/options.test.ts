import { describe, expect, it } from "vitest"
import { crashOptions } from "../../crash/options.ts"
import { planKills } from "../../crash/plan.ts"

describe("crashOptions", () => {
  it("reads what is given, and has a default for all of it", () => {
    expect(crashOptions(["--kills", "3", "--seed", "7", "--keep"])).toEqual({ kills: 3, seed: 7, keep: true })
    expect(crashOptions([])).toMatchObject({ kills: 20, keep: false })
  })

  it.each([["--kills", "0"], ["--kills", "many"], ["--kills", "1.5"], ["--kills", ""], ["--seed=-1"], ["--seed", "x"]])(
    "refuses %s %s",
    (...args) => {
      expect(() => crashOptions(args)).toThrow(/^--(kills|seed) must be a whole number from/)
    },
  )

  it.each(["--kill", "--kills", "20"])("refuses %s", (arg) => {
    expect(() => crashOptions([arg])).toThrow(Error)
  })
})

describe("planKills", () => {
  it("is the same for the same seed", () => {
    expect(planKills(20, 5)).toEqual(planKills(20, 5))
    expect(planKills(20, 5)).not.toEqual(planKills(20, 6))
  })
})
