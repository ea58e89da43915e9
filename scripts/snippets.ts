/** `npm run snippets`: the TypeScript of the documents compiles, and runs in its order against a broker. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { programsOf } from "./snippets/programs.ts"
import { type Runnable, runPrograms } from "./snippets/run.ts"

const DOCUMENTS = ["README.md", "docs/client.md"]
/** Below the project, so that the package finds itself by its name as it would be found when installed. */
const FOLDER = "dist/snippets"

process.chdir(fileURLToPath(new URL("..", import.meta.url)))
const programs = DOCUMENTS.filter((document) => existsSync(document)).flatMap(runnables)
const problems =
  programs.length === 0 ? ["there are no programs"] : compiled() ? await ranAll() : ["they do not compile"]
for (const problem of problems) console.error(problem)
console.log(`${programs.length} programs, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function runnables(document: string): Runnable[] {
  return programsOf(document, readFileSync(document, "utf8")).map((program) => {
    const path = `${FOLDER}/${document.replaceAll("/", "-")}-${program.line}.ts`
    return { ...program, path, write: (source) => writeFile(path, source) }
  })
}

function compiled(): boolean {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const config = {
    extends: "../../tsconfig.base.json",
    compilerOptions: { lib: ["ES2024", "ESNext.Disposable", "DOM", "DOM.AsyncIterable"], types: ["node"] },
    include: ["."],
  }
  writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(config))
  for (const { path, source } of programs) writeFileSync(path, source)
  return spawnSync("tsc", ["-p", FOLDER], { stdio: "inherit" }).status === 0
}

async function ranAll(): Promise<string[]> {
  const problems: string[] = []
  for (const document of DOCUMENTS) {
    const own = programs.filter((program) => program.document === document)
    if (own.length > 0) problems.push(...(await runPrograms(own)))
  }
  return problems
}
