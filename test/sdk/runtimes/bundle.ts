import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type BuildOptions } from "esbuild"
import type { Place } from "../suite/place.ts"

const PROJECT_DIR = fileURLToPath(new URL("../../../", import.meta.url))
const CLIENT = "millrace/client"

/** Older than this are none of the runtimes; what they lack is not made up for. */
const TARGET = "es2022"

/**
 * Bundles the suite into `folder` for a runtime that loads packages by itself: the client stays outside, in
 * `node_modules` as it would be installed. Returns the file's path.
 */
export async function bundleProgram(folder: string, place: Place): Promise<string> {
  await mkdir(join(folder, "node_modules"), { recursive: true })
  await symlink(PROJECT_DIR, join(folder, "node_modules/millrace"))
  const outfile = join(folder, "suite.mjs")
  await build({ ...common("console-entry.ts", place), outfile, external: [CLIENT] })
  return outfile
}

/** Bundles the suite with the client in it, for a page or a Worker. */
export async function bundleWhole(entry: "console-entry.ts" | "worker-entry.ts", place: Place): Promise<Uint8Array> {
  // as the package itself says where its client is
  const client = fileURLToPath(import.meta.resolve(CLIENT))
  const { outputFiles } = await build({ ...common(entry, place), write: false, alias: { [CLIENT]: client } })
  return outputFiles[0]!.contents
}

function common(entry: string, place: Place): BuildOptions {
  return {
    entryPoints: [fileURLToPath(new URL(`../suite/${entry}`, import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: TARGET,
    define: { PLACE: JSON.stringify(place) },
    logLevel: "silent",
  }
}
