import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PROJECT } from "../../scripts/fixtures/release-tree.ts"
import { startBroker } from "../../scripts/runtime/broker.ts"
import type { TestBroker } from "../support/broker.ts"
import { writeClockEntry } from "./clock-entry.ts"
import { restore, type Stored } from "./stored.ts"

/** Today's broker on stored databases, at the time when they were made. */
export async function startStored(stored: Stored): Promise<TestBroker> {
  const { recordedAt, token } = stored.world
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-stored-"))
  const shiftMs = recordedAt - Date.now()
  restore(stored, dataDir, shiftMs)
  const entry = await writeClockEntry(PROJECT, dataDir)
  const env = { MILLRACE_TOKEN: token, CLOCK_SHIFT_MS: String(shiftMs) }
  const start = (): ReturnType<typeof startBroker> => startBroker({ dataDir, entry, env })
  let running = await start()
  const kill9 = async (): Promise<void> => {
    running.kill("SIGKILL")
    await running.exited
  }
  return {
    get url() {
      return running.url
    },
    token,
    dataDir,
    kill9,
    stop: async () => {
      await running.stop()
      return (await running.exited).code
    },
    restart: async () => {
      running = await start()
    },
    dispose: async () => {
      await kill9()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
