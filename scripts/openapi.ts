import { readFile, writeFile } from "node:fs/promises"
import { describeApi } from "./openapi/describe.ts"

/** Writes `openapi.json` from the table of operations; with `--check` only says whether it is up to date. */
const target = new URL("../openapi.json", import.meta.url)
const text = `${JSON.stringify(describeApi(), null, 2)}\n`

if (!process.argv.includes("--check")) {
  await writeFile(target, text)
} else if ((await readFile(target, "utf8")) !== text) {
  console.error("openapi.json is out of date: run `npm run openapi`")
  process.exitCode = 1
}
