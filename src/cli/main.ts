import { readFileSync } from "node:fs"
import { commandOf, parseCommandLine, printCompletions } from "./program.ts"
import { completedNames } from "./complete-names.ts"
import { EXIT } from "./exit-codes.ts"
import { runCommand } from "./run.ts"

const MAX_HELP_COLUMNS = 100

/** Runs a command line; resolves to the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  if (await printCompletions(words)) {
    const names = await completedNames(words, process.env)
    process.stdout.write(names.map((name) => `${name}\n`).join(""))
    return EXIT.ok
  }
  const columns = Math.min(process.stdout.columns ?? MAX_HELP_COLUMNS, MAX_HELP_COLUMNS)
  const parsed = await parseCommandLine(words, version(), columns)
  switch (parsed.kind) {
    case "print":
      process.stdout.write(`${parsed.text.trimEnd()}\n`)
      return EXIT.ok
    case "usage":
      process.stderr.write(usageError(words, parsed.message))
      return EXIT.usage
    case "run":
      return runCommand(parsed.run, parsed.flags)
  }
}

/** One line, with the help that would have told. */
function usageError(words: readonly string[], message: string): string {
  const help = ["millrace", ...commandOf(words), "--help"].join(" ")
  const detail = `${message.trim().replaceAll(/\s*\n\s*/g, "; ")} (see ${help})`
  return words.includes("--json")
    ? `${JSON.stringify({ error: { code: "usage", detail } })}\n`
    : `error: usage: ${detail}\n`
}

function version(): string {
  const read = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
  return read.version
}
