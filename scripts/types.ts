/** `npm run types`: the compiler over every project, because core, Workers and Node see different globals. */
import { spawnSync } from "node:child_process"

const PROJECTS = [
  "src/core",
  "src/client",
  "src/cli",
  "tsconfig.json",
  "tsconfig.node.json",
  "test/workers",
  "test/simulation",
  "test/skew/worker",
  "test/sdk/suite",
  "test/types",
  "bench/objects",
]

const failed = PROJECTS.filter((project) => {
  console.log(`tsc -p ${project}`)
  return spawnSync("tsc", ["-p", project], { stdio: "inherit" }).status !== 0
})
process.exitCode = failed.length === 0 ? 0 : 1
