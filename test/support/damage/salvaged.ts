import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const SCRIPT = fileURLToPath(new URL("../../../scripts/salvage.ts", import.meta.url))

/** The bodies that `npm run salvage` finds in a database. */
export function salvaged(path: string): unknown[] {
  const { stdout } = spawnSync(process.execPath, [SCRIPT, path], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  return stdout.split("\n").flatMap((line) => {
    const { body } = line === "" ? {} : (JSON.parse(line) as { body?: unknown })
    return body === undefined ? [] : [body]
  })
}
