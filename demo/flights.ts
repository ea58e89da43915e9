import type { Check } from "./checks.ts"
import { call, type Connection, expectAll, type Outcome } from "./client.ts"
import type { Flight } from "./data.ts"
import { checkFlights, type Place } from "./flight-checks.ts"
import { readByHttp, readBySocket } from "./partition-readers.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"

/** Where the flights are. */
export const TOPIC = "flights"
const PARTITIONS = 8
const APPENDERS = 4
const BATCH_RECORDS = 250

/** The stream half: flights by airport of origin into a topic, read back twice and replayed from the middle. */
export async function moveFlights(
  connection: Connection,
  flights: readonly Flight[],
  progress: Progress,
): Promise<Section> {
  await call(connection, "PUT", `/topics/${TOPIC}`, { partitions: PARTITIONS })

  const appending = progress.start("append flights over HTTP", flights.length)
  const places = await appendAll(connection, flights, appending)
  const appended = appending.end()

  const reading = progress.start("read flights over HTTP", flights.length)
  const byHttp = await readByHttp(connection, TOPIC, Array<number>(PARTITIONS).fill(0), reading)
  const read = reading.end()

  const ends = byHttp.map((records) => records.length)
  const streaming = progress.start("read flights over WebSocket", flights.length)
  const { partitions: bySocket, beyondCredit } = await readBySocket(connection, TOPIC, ends, streaming)
  const streamed = streaming.end()

  const middles = ends.map((end) => Math.floor(end / 2))
  const tailLength = middles.reduce((left, middle) => left - middle, flights.length)
  const replaying = progress.start("replay flights from the middle", tailLength)
  const replay = await readByHttp(connection, TOPIC, middles, replaying)
  const replayed = replaying.end()

  const checks: Check[] = [
    ...checkFlights({ flights, places, byHttp, bySocket, middles, replay }),
    { name: "records pushed beyond the credit", actual: beyondCredit, expected: 0 },
  ]
  return { title: `Stream "${TOPIC}", ${PARTITIONS} partitions`, timings: [appended, read, streamed, replayed], checks }
}

/** Appends side by side, but each airport's flights one batch after the other, so that their order is the input's. */
async function appendAll(connection: Connection, flights: readonly Flight[], step: Step): Promise<Place[]> {
  const appenderOf = new Map<string, number>()
  for (const { origin } of flights) if (!appenderOf.has(origin)) appenderOf.set(origin, appenderOf.size % APPENDERS)
  const places: Place[] = []
  const append = async (appender: number): Promise<void> => {
    const own = [...flights.entries()].filter(([, { origin }]) => appenderOf.get(origin) === appender)
    for (let from = 0; from < own.length; from += BATCH_RECORDS) {
      const batch = own.slice(from, from + BATCH_RECORDS)
      const confirmed = await appendBatch(
        connection,
        batch.map(([, flight]) => flight),
      )
      for (const [entry, [index]] of batch.entries()) places[index] = confirmed[entry]!
      step.advance(batch.length)
    }
  }
  await Promise.all(Array.from({ length: APPENDERS }, (_, appender) => append(appender)))
  return places
}

async function appendBatch(connection: Connection, flights: readonly Flight[]): Promise<Place[]> {
  const records = flights.map((flight) => ({ key: flight.origin, body: flight }))
  const answer = await call<{ records: Outcome<Place>[] }>(connection, "POST", `/topics/${TOPIC}/records`, { records })
  const places = expectAll("append", answer.records)
  if (places.length !== flights.length) throw new Error(`${flights.length} records, ${places.length} answers`)
  return places
}
