import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import { median } from "../figure.ts"
import { NO_LIMIT, postJob } from "../figures/requests.ts"
import { withGenerator } from "../load/generator.ts"
import { residentBytes } from "./process.ts"

const CONNECTIONS = 8
const LOOK_EVERY_MS = 500
const BODY = JSON.stringify({ receipts: Array.from({ length: 20 }, () => "r".repeat(24)) })

/** What a process has resident that does nothing but answer calls of an object that does nothing, at full speed. */
export async function residentOfNoops(durationMs: number): Promise<number> {
  return withGenerator((generator) =>
    withBenchWorker(async ({ url, pid }) => {
      const seen: number[] = []
      const timer = setInterval(() => {
        const bytes = residentBytes(pid)
        if (bytes !== null) seen.push(bytes)
      }, LOOK_EVERY_MS)
      const until = { requests: NO_LIMIT, durationMs }
      await generator.run(postJob({ url, token: TOKEN }, "/bench/call", BODY, { connections: CONNECTIONS, until }))
      clearInterval(timer)
      // of the second half: it grows at first
      return median(seen.slice(seen.length >> 1))
    }),
  )
}
