/**
 * Records the databases that a release stores: `npm run fixtures` those of this source tree, under the version of
 * `package.json`; with `--version <folder> --commit <commit>` those of another. `--check` writes nothing, and fails
 * where this source tree stores something else than what was recorded last, or the commit of the release before does.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { yesterday } from "../test/skew/stored.ts"
import { dumpObject } from "./fixtures/dump.ts"
import { fixturesOptions, type Options, USAGE } from "./fixtures/options.ts"
import { recordWorld } from "./fixtures/record-world.ts"
import { type KnownObject, Recorder } from "./fixtures/recorder.ts"
import { commitNamed, hasCommit, PROJECT, releaseTree } from "./fixtures/release-tree.ts"
import { readWorkerConfig } from "./runtime/config.ts"

/** Contents of a fixture's files, by name. */
type Files = Map<string, string>

const RELEASE = "release.json"

const { version, commit, check } = optionsOrUsage()
if (!check) write(await record(commit))
else if (isWrong(version, await record(commit))) {
  console.error("run `npm run fixtures` and look at the difference; raise the version first where this was released")
  process.exitCode = 1
} else if (version === packageVersion()) await checkYesterday()

function optionsOrUsage(): Options {
  try {
    return fixturesOptions(process.argv.slice(2), packageVersion())
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

async function record(ofCommit: string | null): Promise<Files> {
  const tree = ofCommit === null ? PROJECT : releaseTree(commitNamed(ofCommit))
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-fixtures-"))
  try {
    return await recordTree(tree, dataDir)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function recordTree(tree: string, dataDir: string): Promise<Files> {
  const { name, sqliteClasses } = await readWorkerConfig(join(tree, "wrangler.toml"))
  const knowsDoors = sqliteClasses.includes("AccessKeyObject")
  const recorder = await Recorder.start(tree, dataDir)
  try {
    const world = await recordWorld(recorder, { accessKeys: knowsDoors, annotations: knowsDoors })
    const known = await recorder.known()
    await recorder.end()
    const dumps = known.map((object) => {
      const path = join(dataDir, "objects", `${name}-${object.className}`, `${object.id}.sqlite`)
      return [fileOf(object), dumpObject(path, object)] as const
    })
    return new Map([...dumps, ["world.json", jsonOf(world)]])
  } finally {
    await recorder.end()
  }
}

function fileOf({ className, name }: KnownObject): string {
  return `${className}.${name.replaceAll("/", ".")}.sql`
}

function write(files: Files): void {
  const folder = folderOf(version)
  const release = join(folder, RELEASE)
  const readsLater = existsSync(release) ? readRelease(release).readsLater : true
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
  writeFileSync(release, jsonOf({ commit: commitNamed(commit ?? "HEAD"), readsLater }))
  console.log(`${folder}: ${files.size} files`)
}

/** Says where the folder of a version has something else. */
function isWrong(ofVersion: string, files: Files): boolean {
  const folder = folderOf(ofVersion)
  const kept = existsSync(folder) ? readdirSync(folder).filter((name) => name !== RELEASE) : []
  const changed = [...new Set([...kept, ...files.keys()])].filter(
    (name) => !kept.includes(name) || readFileSync(join(folder, name), "utf8") !== files.get(name),
  )
  if (changed.length > 0) console.error(`what is stored has changed: ${changed.join(", ")} in ${folder}`)
  return changed.length > 0
}

/** The release before stands in for yesterday's in a deploy: built from other sources it would be another. */
async function checkYesterday(): Promise<void> {
  const before = yesterday()
  if (!hasCommit(before.commit) || !isWrong(before.version, await record(before.commit))) return
  const remedy = `npm run fixtures -- --version ${before.version} --commit <what ${before.version} was released from>`
  console.error(`${before.commit}, which its ${RELEASE} names, stores something else: ${remedy}`)
  process.exitCode = 1
}

function folderOf(ofVersion: string): string {
  return join(PROJECT, "test/fixtures/stored", ofVersion)
}

function readRelease(path: string): { readsLater: boolean } {
  return JSON.parse(readFileSync(path, "utf8")) as { readsLater: boolean }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string }).version
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
