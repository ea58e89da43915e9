/**
 * `npm run soak`: the load of the crash test, steadily and near what the machine can do, for `--minutes`; with
 * `kill -9` in the first part, and in the second half a look at memory (not in less than some eight minutes: processes
 * grow at first). `--kills-per-minute`, `--rate` (operations a second; without it three quarters of what was found
 * possible), `--seed`, `--out` (the picture). Fails where a promise was broken, or memory grew.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { drawSoak, WIDTH } from "./soak/chart.ts"
import { soakOptions } from "./soak/options.ts"
import { writePng } from "./soak/png.ts"
import { reportLines } from "./soak/report.ts"
import { soak } from "./soak/run.ts"
import { isGood } from "./soak/verdict.ts"

const options = soakOptions(process.argv.slice(2))
const result = await soak(options, console.log)
console.log(reportLines(result).join("\n"))

const { svg, height } = drawSoak(result)
mkdirSync(dirname(options.out), { recursive: true })
writeFileSync(options.out.replace(/\.png$/, ".json"), `${JSON.stringify(result)}\n`)
await writePng(svg, { width: WIDTH, height }, options.out)
console.log(`drawn in ${options.out}`)
process.exitCode = isGood(result) ? 0 : 1
