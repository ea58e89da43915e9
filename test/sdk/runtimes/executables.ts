import { execFileSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const LOCAL_BIN = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url))

/** The first program called `name`, of the project or along PATH, whose `--version` is as `fits` wants it; else null. */
export function executable(name: string, fits?: (version: string) => boolean): string | null {
  const folders = [LOCAL_BIN, ...(process.env["PATH"] ?? "").split(delimiter)]
  const found = folders.map((folder) => join(folder, name)).filter(isExecutable)
  return found.find((path) => fits === undefined || fits(versionOf(path))) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function versionOf(path: string): string {
  return execFileSync(path, ["--version"], { encoding: "utf8" }).trim()
}
