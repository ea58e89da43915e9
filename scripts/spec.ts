/** `npm run spec`: every rule of docs/spec is in the name of a test, and every rule that a test names exists. */
import { globSync, readFileSync } from "node:fs"

/** A paragraph or list item that begins with its id: `- **[L1]** …`. */
const RULE = /^\s*(?:[-*]\s+)?(?:\*\*)?\[([A-Z]+\d+)\]/gm
/** A string that begins with ids: `"[L1] [L2] …"`. */
const TEST_NAME = /["'`]((?:\[[A-Z]+\d+\][\s,]*)+)/g
const ID = /[A-Z]+\d+/g

const rules = readAll("docs/spec/**/*.md", (text) => [...text.matchAll(RULE)].map((match) => match[1] ?? ""))
const cited = readAll("test/**/*.ts", (text) =>
  [...text.matchAll(TEST_NAME)].flatMap((match) => match[0].match(ID) ?? []),
)

const problems = [
  ...[...rules]
    .filter(([, files]) => files.length > 1)
    .map(([id, files]) => `[${id}] is defined twice: ${files.join(", ")}`),
  ...[...rules].filter(([id]) => !cited.has(id)).map(([id, files]) => `[${id}] of ${files[0]} is in no test`),
  ...[...cited].filter(([id]) => !rules.has(id)).map(([id, files]) => `[${id}] in ${files[0]} is no rule`),
]
for (const problem of problems) console.error(problem)
console.log(`${rules.size} rules, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** The ids found in the files of `pattern`, each with the files it stands in. */
function readAll(pattern: string, idsIn: (text: string) => readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of globSync(pattern).toSorted()) {
    for (const id of idsIn(readFileSync(file, "utf8"))) found.set(id, [...(found.get(id) ?? []), file])
  }
  return found
}
