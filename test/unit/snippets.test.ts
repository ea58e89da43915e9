import { describe, expect, it } from "vitest"
import { programsOf } from "../../scripts/snippets/programs.ts"

const FENCE = "```"

describe("programsOf", () => {
  it("keeps every line where the document has it", () => {
    const text = ["# Title", `${FENCE}ts`, `import { connect } from "millrace/client"`, "connect()", FENCE].join("\n")
    const [program] = programsOf("a.md", text)
    expect(program?.line).toBe(3)
    expect(program?.source.split("\n")[2]).toBe(`import { connect } from "millrace/client"`)
  })

  it("goes on with the program before where a block imports nothing, and begins anew where it does", () => {
    const first = `import {\n  connect,\n} from "millrace/client"`
    const text = [first, "go()", `import { text } from "millrace/client"`]
      .map((block) => `${FENCE}ts\n${block}\n${FENCE}\n`)
      .join("words\n")
    const programs = programsOf("a.md", text)
    expect(programs.map(({ source }) => source.split("\n").filter((line) => line !== "").length)).toEqual([4, 1])
  })

  it("leaves other languages out", () => {
    expect(programsOf("a.md", `${FENCE}sh\nls\n${FENCE}\n${FENCE}\ntext\n${FENCE}\n`)).toEqual([])
  })

  it("refuses a first block that does not import the client", () => {
    expect(() => programsOf("a.md", `words\n${FENCE}ts\ngo()\n${FENCE}\n`)).toThrow("a.md:3")
  })
})
