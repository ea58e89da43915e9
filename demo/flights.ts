import { type Appended, connect, type Topic } from "../src/client/index.ts"
import type { Check } from "./checks.ts"
import type { Flight } from "./data.ts"
import { checkFlights } from "./flight-checks.ts"
import type { Address } from "./http.ts"
import { readByClient, readByHttp } from "./partition-readers.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"
import { Wire } from "./wire.ts"

/** Where the flights are. */
export const TOPIC = "flights"
const PARTITIONS = 8

/** The stream half: flights by airport of origin into a topic, read back twice and replayed from the middle. */
export async function moveFlights(address: Address, flights: readonly Flight[], progress: Progress): Promise<Section> {
  const wire = new Wire()
  await using broker = await connect({ ...address, webSocket: wire.webSocket })
  await broker.admin.topics.put(TOPIC, { partitions: PARTITIONS })
  const topic = broker.topic<Flight>(TOPIC)

  const appending = progress.start("append flights", flights.length)
  const places = await appendAll(topic, flights, appending)
  const appended = appending.end()

  const reading = progress.start("read flights over HTTP", flights.length)
  const byHttp = await readByHttp(address, TOPIC, PARTITIONS, reading)
  const read = reading.end()

  const streaming = progress.start("read flights over WebSocket", flights.length)
  const bySocket = await readByClient(topic, PARTITIONS, "earliest", streaming)
  const streamed = streaming.end()

  const middles = byHttp.map((records) => Math.floor(records.length / 2))
  const tailLength = middles.reduce((left, middle) => left - middle, flights.length)
  const replaying = progress.start("replay flights from the middle", tailLength)
  const replay = await readByClient(topic, PARTITIONS, { offsets: Object.fromEntries(middles.entries()) }, replaying)
  const replayed = replaying.end()

  const checks: Check[] = [
    ...checkFlights({ flights, places, byHttp, bySocket, middles, replay }),
    { name: "records pushed beyond the credit", actual: wire.audit.beyondCredit, expected: 0 },
  ]
  return { title: `Stream "${TOPIC}", ${PARTITIONS} partitions`, timings: [appended, read, streamed, replayed], checks }
}

/** All flights are given to the producer at once: it makes batches of them, and keeps each airport's in their order. */
async function appendAll(topic: Topic<string, Flight>, flights: readonly Flight[], step: Step): Promise<Appended[]> {
  await using producer = topic.producer()
  const append = async (flight: Flight): Promise<Appended> => {
    const place = await producer.send({ key: flight.origin, value: flight })
    step.advance(1)
    return place
  }
  return await Promise.all(flights.map(append))
}
