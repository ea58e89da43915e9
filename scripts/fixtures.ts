/**
 * Records the databases that a release stores: `npm run fixtures` those of this source tree, under the version of
 * `package.json`; with `--version <folder> --commit <commit>` those of another. `--check` writes nothing, and fails
 * where this source tree stores something else than what was recorded last.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { dumpObject } from "./fixtures/dump.ts"
import { recordWorld } from "./fixtures/record-world.ts"
import { type KnownObject, Recorder } from "./fixtures/recorder.ts"
import { commitNamed, PROJECT, releaseTree } from "./fixtures/release-tree.ts"
import { readWorkerConfig } from "./runtime/config.ts"

/** Contents of a fixture's files, by name. */
type Files = Map<string, string>

const RELEASE = "release.json"

const { values } = parseArgs({
  options: { version: { type: "string" }, commit: { type: "string" }, check: { type: "boolean" } },
})
const folder = join(PROJECT, "test/fixtures/stored", values.version ?? packageVersion())
const tree = values.commit === undefined ? PROJECT : releaseTree(commitNamed(values.commit))
const dataDir = mkdtempSync(join(tmpdir(), "millrace-fixtures-"))
try {
  const recorded = await record()
  if (values.check) check(recorded)
  else write(recorded)
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

async function record(): Promise<Files> {
  const { name, sqliteClasses } = await readWorkerConfig(join(tree, "wrangler.toml"))
  const knowsDoors = sqliteClasses.includes("AccessKeyObject")
  const recorder = await Recorder.start(tree, dataDir)
  try {
    const world = await recordWorld(recorder, { accessKeys: knowsDoors, annotations: knowsDoors })
    const known = await recorder.known()
    await recorder.end()
    const dumps = known.map((object) => [fileOf(object), dumpObject(pathOf(name, object), object)] as const)
    return new Map([...dumps, ["world.json", jsonOf(world)]])
  } finally {
    await recorder.end()
  }
}

function pathOf(worker: string, { className, id }: KnownObject): string {
  return join(dataDir, "objects", `${worker}-${className}`, `${id}.sqlite`)
}

function fileOf({ className, name }: KnownObject): string {
  return `${className}.${name.replaceAll("/", ".")}.sql`
}

function write(files: Files): void {
  const readsLater = existsSync(join(folder, RELEASE)) ? readRelease().readsLater : true
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
  writeFileSync(join(folder, RELEASE), jsonOf({ commit: commitNamed(values.commit ?? "HEAD"), readsLater }))
  console.log(`${folder}: ${files.size} files`)
}

function check(files: Files): void {
  const kept = existsSync(folder) ? readdirSync(folder).filter((name) => name !== RELEASE) : []
  const changed = [...new Set([...kept, ...files.keys()])].filter(
    (name) => !kept.includes(name) || readFileSync(join(folder, name), "utf8") !== files.get(name),
  )
  if (changed.length === 0) return
  console.error(`what is stored has changed: ${changed.join(", ")} in ${folder}`)
  console.error(
    "run `npm run fixtures` and look at the difference; raise the version first where this one was released",
  )
  process.exitCode = 1
}

function readRelease(): { readsLater: boolean } {
  return JSON.parse(readFileSync(join(folder, RELEASE), "utf8")) as { readsLater: boolean }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string }).version
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
