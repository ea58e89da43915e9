import { readFileSync } from "node:fs"
import { join } from "node:path"
import { startTestBroker, type TestBroker } from "../../test/support/broker.ts"

const BYTES_PER_KIB = 1024

/** Runs `use` with the process of `npm start` on an empty folder; both are gone afterwards. */
export async function withStartedBroker<T>(use: (broker: TestBroker) => Promise<T>): Promise<T> {
  const broker = await startTestBroker()
  try {
    return await use(broker)
  } finally {
    await broker.dispose()
  }
}

/** Process id of the `workerd` of a started broker. */
export function workerdOf({ dataDir }: TestBroker): number {
  return Number(readFileSync(join(dataDir, "runtime", "workerd.pid"), "utf8"))
}

/** The most memory that process `pid` has had resident since it began, in bytes; from /proc. */
export function peakMemoryBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
  if (!line) throw new Error(`no peak memory of process ${pid}`)
  return Number(line[1]) * BYTES_PER_KIB
}
