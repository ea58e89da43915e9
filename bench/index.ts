/**
 * `npm run bench`: speed, memory and recovery against objects that do less, in one run. `--only <group>,…` takes some
 * groups, `--quick` a short run; with `--check` a missed figure fails. Results go to bench/results too.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { type Figure, isReached, lineOf } from "./figure.ts"
import { FULL, GROUPS, QUICK } from "./figures.ts"
import { withGenerator } from "./load/generator.ts"

const RESULTS = new URL("./results/", import.meta.url)

const { values } = parseArgs({
  options: { only: { type: "string" }, quick: { type: "boolean" }, check: { type: "boolean" } },
})
const selected = values.only?.split(",") ?? Object.keys(GROUPS)
const scale = values.quick === true ? QUICK : FULL
const figures: Figure[] = []

for (const name of selected) {
  const group = GROUPS[name]
  if (group === undefined) throw new Error(`no group ${name}, only ${Object.keys(GROUPS).join(", ")}`)
  for (const figure of await withGenerator((generator) => group(generator, scale))) {
    figures.push(figure)
    console.log(lineOf(figure))
  }
}

const startedAt = new Date().toISOString()
const file = new URL(`${startedAt.replaceAll(/[:.]/g, "-")}.json`, RESULTS)
mkdirSync(RESULTS, { recursive: true })
writeFileSync(file, `${JSON.stringify({ startedAt, scale, figures }, null, 2)}\n`)

const missed = figures.filter((figure) => !isReached(figure))
console.log(missed.length === 0 ? "all figures are reached" : `${missed.length} of ${figures.length} missed`)
process.exitCode = missed.length > 0 && values.check === true ? 1 : 0
