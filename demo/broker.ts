import { mkdtempSync, rmSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type RunningBroker, startBroker } from "../scripts/runtime/broker.ts"

/** A broker that lives as long as the demo. */
export interface DemoBroker {
  readonly url: string
  readonly token: string
  /** Settles when the broker's process has ended. */
  readonly exited: Promise<unknown>
}

/** Runs `use` with a broker on a free port and an empty folder; both are gone afterwards, however it ends. */
export async function withBroker<T>(signal: AbortSignal, use: (broker: DemoBroker) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-demo-"))
  let running: RunningBroker | null = null
  try {
    const token = randomBytes(24).toString("base64url")
    running = await startBroker({ dataDir, env: { MILLRACE_TOKEN: token } })
    signal.throwIfAborted()
    const { url, exited } = running
    return await use({ url, token, exited })
  } finally {
    await running?.stop()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
}
