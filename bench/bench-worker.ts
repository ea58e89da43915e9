import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type RunningBroker, startBroker } from "../scripts/runtime/broker.ts"

const WRANGLER_TOML = fileURLToPath(new URL("./objects/wrangler.toml", import.meta.url))
/** What `withBenchWorker` lets in. */
export const TOKEN = "bench-token"

/** Runs `use` with the benchmark's Worker on a free port and an empty folder; both are gone afterwards. */
export async function withBenchWorker<T>(use: (broker: RunningBroker) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"))
  let running: RunningBroker | null = null
  try {
    running = await startBroker({ dataDir, env: { MILLRACE_TOKEN: TOKEN }, wranglerToml: WRANGLER_TOML })
    return await use(running)
  } finally {
    await running?.stop()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
}
