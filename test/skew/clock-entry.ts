import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { readWorkerConfig } from "../../scripts/runtime/config.ts"

const CLOCK = fileURLToPath(new URL("worker/clock.worker.ts", import.meta.url))

/** Writes into `folder` the entry of a Worker that is the one of `release`, a source tree, on a clock of the test's. */
export async function writeClockEntry(release: string, folder: string): Promise<string> {
  const { entry, sqliteClasses, objects } = await readWorkerConfig(join(release, "wrangler.toml"))
  const bindings = Object.fromEntries(objects.map(({ binding, className }) => [className, binding]))
  const lines = [
    `import { onClock, withClock } from ${JSON.stringify(CLOCK)}`,
    `import worker, * as broker from ${JSON.stringify(entry)}`,
    ...sqliteClasses.map((name) => `export const ${name} = onClock(${JSON.stringify(name)}, broker.${name})`),
    `export default withClock({ fetch: worker.fetch, bindings: ${JSON.stringify(bindings)} })`,
  ]
  const path = join(folder, "entry.js")
  await writeFile(path, lines.join("\n"))
  return path
}
