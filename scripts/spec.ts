/**
 * `npm run spec`: every rule of docs/spec is in the name of a test, every rule that a test names exists, and what
 * docs/guarantees.md says to show a promise is there and names its rules.
 */
import { existsSync, globSync, readFileSync } from "node:fs"

/** A paragraph or list item that begins with its id: `- **[L1]** …`. */
const RULE = /^\s*(?:[-*]\s+)?(?:\*\*)?\[([A-Z]+\d+)\]/gm
/** A string that begins with ids: `"[L1] [L2] …"`. */
const TEST_NAME = /["'`]((?:\[[A-Z]+\d+\][\s,]*)+)/g
const ID = /[A-Z]+\d+/g
/** The end of a row of docs/guarantees.md: its rules, its tests and its checkers, with commas between. */
const PROMISE = /\| *([A-Z]+\d+(?:, [A-Z]+\d+)*) *\| *(`[^|]*`) *\| *([^|]*?) *\|$/gm

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
  ...[...readFileSync("docs/guarantees.md", "utf8").matchAll(PROMISE)].flatMap(([, ids, tests, checkers]) =>
    unshown(listed(ids!), listed(tests!.replaceAll("`", "")), listed(checkers!)),
  ),
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

/** What is wrong with one row of docs/guarantees.md. */
function unshown(ids: readonly string[], tests: readonly string[], checkers: readonly string[]): string[] {
  const files = new Set(tests.map((test) => `test/${test}.test.ts`))
  const isIn = (id: string): boolean => (cited.get(id) ?? []).some((file) => files.has(file))
  const paths = [...files, ...checkers.map((checker) => `test/support/checkers/${checker.replaceAll(" ", "-")}.ts`)]
  return [
    ...ids.filter((id) => !isIn(id)).map((id) => `[${id}] is in none of ${tests.join(", ")}, says docs/guarantees.md`),
    ...paths.filter((path) => !existsSync(path)).map((path) => `${path} of docs/guarantees.md is not there`),
  ]
}

function listed(cell: string): readonly string[] {
  return cell === "" ? [] : cell.split(", ")
}
