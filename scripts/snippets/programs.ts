/** A program of a document: a TypeScript block that imports the client, and those behind it that go on with it. */
export interface Program {
  readonly document: string
  /** Line of the document at which its first block begins. */
  readonly line: number
  /** Every line where the document has it, so that a complaint about one names the place to look at. */
  readonly source: string
}

const FENCE = /^```(\S*)/
const BEGINS_PROGRAM = /\bfrom "millrace\/client"$/m

/** The programs in the Markdown `text`, in order. Throws for a first block that does not import the client. */
export function programsOf(document: string, text: string): Program[] {
  const programs: { document: string; line: number; lines: string[] }[] = []
  for (const { line, lines } of blocksOf(text)) {
    if (BEGINS_PROGRAM.test(lines.join("\n"))) programs.push({ document, line, lines: [] })
    const program = programs.at(-1)
    if (program === undefined) throw new Error(`${document}:${line}: the first block must import "millrace/client"`)
    while (program.lines.length < line - 1) program.lines.push("")
    program.lines.push(...lines)
  }
  return programs.map(({ lines, ...program }) => ({ ...program, source: `${lines.join("\n")}\n` }))
}

function blocksOf(text: string): { readonly line: number; readonly lines: string[] }[] {
  const blocks: { readonly line: number; readonly lines: string[] }[] = []
  let language: string | null = null
  for (const [index, line] of text.split("\n").entries()) {
    const fence = FENCE.exec(line)
    if (fence !== null) {
      language = language === null ? (fence[1] ?? "") : null
      if (language === "ts") blocks.push({ line: index + 2, lines: [] })
    } else if (language === "ts") {
      blocks.at(-1)?.lines.push(line)
    }
  }
  return blocks
}
