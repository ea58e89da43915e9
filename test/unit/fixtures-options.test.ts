import { describe, expect, it } from "vitest"
import { fixturesOptions } from "../../scripts/fixtures/options.ts"

describe("fixturesOptions", () => {
  it("records this tree, or another with its commit", () => {
    expect(fixturesOptions([], "1.2.3")).toEqual({ version: "1.2.3", commit: null, check: false })
    expect(fixturesOptions(["--check"], "1.2.3")).toMatchObject({ version: "1.2.3", check: true })
    const older = ["--version", "1.2.2", "--commit", "abc"]
    expect(fixturesOptions(older, "1.2.3")).toMatchObject({ version: "1.2.2", commit: "abc" })
  })

  it.each(["", "..", "1.2", "1.2.3/..", "/tmp"])("has no folder %j, which would be emptied", (version) => {
    expect(() => fixturesOptions(["--version", version, "--commit", "abc"], "1.2.3")).toThrow("--version must be")
  })

  it("does not record this tree as another release", () => {
    expect(() => fixturesOptions(["--version", "1.2.2"], "1.2.3")).toThrow("1.2.2 needs its --commit")
  })
})
