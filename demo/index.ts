/** `npm run demo`: real data through every part of a broker of its own, and every promise checked. */
import { readFlights, readWebhooks } from "./data.ts"
import { readAsGroup } from "./consumer-group.ts"
import { moveFlights, TOPIC } from "./flights.ts"
import { runDemo } from "./run-demo.ts"
import { shareFlights } from "./share-group.ts"
import { workWebhooks } from "./webhooks.ts"

const DEADLINE_MS = 90_000

await runDemo(DEADLINE_MS, async (address, progress) => {
  const flights = readFlights()
  return [
    await moveFlights(address, flights, progress),
    await readAsGroup(address, TOPIC, flights.length, progress),
    await shareFlights(address, TOPIC, flights, progress),
    await workWebhooks(address, readWebhooks(), progress),
  ]
})
