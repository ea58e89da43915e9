import type { Appended } from "../src/client/index.ts"
import { type Check, differences, keysOutOfOrder, offsetGaps, scatteredKeys } from "./checks.ts"
import type { Flight } from "./data.ts"

/** What a reader gets of a flight; over HTTP, what is empty may be left out. */
export interface ReadFlight {
  readonly offset: number
  readonly timestamp: number
  readonly key?: string | null
  readonly value: Flight | null
  readonly headers?: Readonly<Record<string, string>>
}

/** What was read, by partition. */
export type Partitions = readonly (readonly ReadFlight[])[]

/** What went in, and what came out. */
export interface FlightEvidence {
  readonly flights: readonly Flight[]
  /** Where each flight was confirmed to be. */
  readonly places: readonly Appended[]
  readonly byHttp: Partitions
  readonly bySocket: Partitions
  /** Where the replay of each partition began. */
  readonly middles: readonly number[]
  readonly replay: Partitions
}

/** Everything that a stream promises its readers. */
export function checkFlights(evidence: FlightEvidence): Check[] {
  return [...checkCounts(evidence), ...checkOrder(evidence), ...checkReplay(evidence)]
}

function checkCounts({ flights, places, byHttp, bySocket }: FlightEvidence): Check[] {
  const expected = flights.length
  return [
    { name: "flights appended and confirmed", actual: Object.keys(places).length, expected },
    { name: "flights read over HTTP", actual: byHttp.flat().length, expected },
    { name: "flights read over WebSocket", actual: bySocket.flat().length, expected },
  ]
}

function checkOrder({ flights, places, byHttp }: FlightEvidence): Check[] {
  const airports = new Set(flights.map((flight) => flight.origin)).size
  const sent = flights.map((flight) => [flight.origin, JSON.stringify(flight)] as const)
  const read = byHttp.flat().map((record) => [record.key ?? "", JSON.stringify(record.value)] as const)
  const inOrder = airports - keysOutOfOrder(sent, read).length
  const origins = places.map(({ partition }, index) => [flights[index]!.origin, partition] as const)
  const misplaced = flights.filter((flight, index) => {
    const place = places[index]
    const record = place === undefined ? undefined : byHttp[place.partition]?.[place.offset]
    return JSON.stringify(record?.value) !== JSON.stringify(flight)
  })
  const gaps = byHttp.map((records) => offsetGaps(records.map((record) => record.offset)))
  return [
    { name: "airports whose flights are all there, in order", actual: inOrder, expected: airports },
    { name: "airports on more than one partition", actual: scatteredKeys(origins).length, expected: 0 },
    { name: "flights not where their confirmation says", actual: misplaced.length, expected: 0 },
    { name: "gaps between offsets", actual: sum(gaps), expected: 0 },
  ]
}

function checkReplay({ byHttp, bySocket, middles, replay }: FlightEvidence): Check[] {
  const first = byHttp.map((records) => records.map(lineOf))
  const streamed = bySocket.map((records) => records.map(lineOf))
  const replayed = replay.map((records) => records.map(lineOf))
  const tails = first.map((lines, partition) => lines.slice(middles[partition]))
  const unlike = (left: readonly string[][], right: readonly string[][]): number =>
    sum(left.map((lines, partition) => differences(lines, right[partition] ?? [])))
  return [
    { name: "differences between HTTP and WebSocket", actual: unlike(first, streamed), expected: 0 },
    { name: "flights replayed", actual: replayed.flat().length, expected: tails.flat().length },
    { name: "differences between replay and first reading", actual: unlike(tails, replayed), expected: 0 },
  ]
}

/** All that a reader gets of a record, as one string. JSON.parse and JSON.stringify keep these values' bytes. */
function lineOf({ offset, timestamp, key, headers, value }: ReadFlight): string {
  return JSON.stringify([offset, timestamp, key ?? null, headers ?? {}, value])
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
