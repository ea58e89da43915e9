/** `npm run demo`: real data through every part of a broker of its own, and every promise checked. */
import { withBroker } from "./broker.ts"
import { readFlights, readWebhooks } from "./data.ts"
import { readAsGroup } from "./consumer-group.ts"
import { moveFlights, TOPIC } from "./flights.ts"
import type { Address } from "./http.ts"
import { Progress } from "./progress.ts"
import { type Section, summary, wrongChecks } from "./report.ts"
import { shareFlights } from "./share-group.ts"
import { workWebhooks } from "./webhooks.ts"

/** Far above what it takes on a slow machine; a broker that hangs must not hang the demo. */
const DEADLINE_MS = 90_000
/** For stopping the broker and removing its folder. */
const FAREWELL_MS = 10_000

const progress = new Progress(process.stdout)
const stop = new AbortController()
const deadline = setTimeout(() => {
  stop.abort(new Error(`not done after ${DEADLINE_MS / 1000} s, at: ${progress.current ?? "start"}`))
}, DEADLINE_MS)
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}, at: ${progress.current ?? "start"}`)))
}
stop.signal.addEventListener("abort", () => setTimeout(() => process.exit(1), FAREWELL_MS).unref())

process.exitCode = await run()
clearTimeout(deadline)
process.exit()

/** Resolves to the exit code. */
async function run(): Promise<number> {
  try {
    progress.say("starting a broker on a free port, with an empty folder")
    const sections = await withBroker(stop.signal, async (broker) => {
      progress.say(`millrace is ready at ${broker.url}`)
      const { url, token } = broker
      const ended = broker.exited.then((exit) => Promise.reject(new Error(`the broker ended: ${JSON.stringify(exit)}`)))
      return await Promise.race([moveAll({ url, token, signal: stop.signal }), aborted(), ended])
    })
    const wrong = wrongChecks(sections)
    progress.say(`\n${summary(sections)}\n\n${wrong === 0 ? "Every check is right." : `${wrong} checks FAILED.`}`)
    return wrong === 0 ? 0 : 1
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error
    progress.say("")
    console.error(`The demo FAILED: ${reason instanceof Error ? reason.message : String(reason)}`)
    return 1
  }
}

async function moveAll(address: Address): Promise<Section[]> {
  const flights = readFlights()
  return [
    await moveFlights(address, flights, progress),
    await readAsGroup(address, TOPIC, flights.length, progress),
    await shareFlights(address, TOPIC, flights, progress),
    await workWebhooks(address, readWebhooks(), progress),
  ]
}

function aborted(): Promise<never> {
  return new Promise((_, reject) => {
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason as Error), { once: true })
  })
}
