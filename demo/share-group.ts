import { type Client, connect, Reject, type SharedRecord } from "../src/client/index.ts"
import { type Check, keysOutOfOrder } from "./checks.ts"
import type { Flight } from "./data.ts"
import { drain } from "./dead-letters.ts"
import { type Address, get } from "./http.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"
import { Wire } from "./wire.ts"

const GROUP = "boarding"
const DEAD_LETTERS = "boarding-dead"
const WORKERS = 12
/** Records that a worker holds at once. */
const PREFETCH = 800
/** Records that the dying worker takes along. */
const ABANDONED_RECORDS = 200
/** Of what the dying worker takes: the others need not wait long for it. */
const SHORT_LOCK_MS = 2_000
/** No worker can handle these. */
const POISON_ORIGIN = "BFL"

type SharedFlight = SharedRecord<string, Flight>
type Statistics = Readonly<Record<"accepted" | "deadLettered" | "locked" | "available", number>>

/** What happened to the flights. */
interface Work {
  /** What a worker held when it died. */
  readonly abandoned: readonly SharedFlight[]
  /** What the others were given, in this order. */
  readonly handled: readonly SharedFlight[]
}

/** A share group works through the flights with more workers than partitions; one dies, and some flights are poison. */
export async function shareFlights(
  address: Address,
  topic: string,
  flights: readonly Flight[],
  progress: Progress,
): Promise<Section> {
  await using broker = await connect(address)
  await createGroup(broker)
  const poison = flights.filter(isPoison).length

  const working = progress.start(`share flights among ${WORKERS} workers, one dying`, flights.length)
  const { abandoned, handled } = await workAll(address, topic, flights.length, working)
  const worked = working.end()

  const draining = progress.start("drain the flights that nobody could handle", poison)
  const letters = await drain(broker.queue(DEAD_LETTERS), poison, draining)
  const drained = draining.end()

  const { partitions } = await get<{ partitions: Statistics[] }>(address, `/topics/${topic}/share/${GROUP}`)
  const sum = (name: keyof Statistics): number => partitions.reduce((total, one) => total + one[name], 0)
  const places = new Set(handled.map(placeOf))
  const rescued = abandoned.filter((record) => places.has(placeOf(record)))
  // what expires is counted as a failed delivery, and takes back the later ones of its airport without one
  const failed = handled.filter(({ deliveryCount }) => deliveryCount > 1)
  const airports = airportsOf(flights.map(({ origin }) => origin))
  const checks: Check[] = [
    { name: "flights delivered", actual: places.size, expected: flights.length },
    { name: "flights accepted", actual: sum("accepted"), expected: flights.length - poison },
    {
      name: "airports whose flights were worked on in order",
      actual: airports - disordered(flights, handled),
      expected: airports,
    },
    { name: "flights delivered again after the death", actual: rescued.length, expected: abandoned.length },
    {
      name: "airports that its death is counted against",
      actual: airportsOf(failed.map(({ key }) => key)),
      expected: airportsOf(abandoned.map(({ key }) => key)),
    },
    { name: "poison flights in the dead-letter queue", actual: letters.length, expected: poison },
    { name: "flights still locked or waiting", actual: sum("locked") + sum("available"), expected: 0 },
  ]
  return { title: `Share group "${GROUP}", ${WORKERS} workers`, timings: [worked, drained], checks }
}

async function createGroup({ admin }: Client): Promise<void> {
  await admin.queues.put(DEAD_LETTERS)
  await admin.groups.put(GROUP, {
    type: "share",
    ordering: "key",
    autoOffsetReset: "earliest",
    deadLetter: { queue: DEAD_LETTERS },
  })
}

/** Works until every flight was handled by one that lives. */
async function workAll(address: Address, topic: string, flights: number, step: Step): Promise<Work> {
  const abandoned = await die(address, topic)
  const handled: SharedFlight[] = []
  const all = Promise.withResolvers<void>()
  const handle = (record: SharedFlight): void => {
    handled.push(record)
    step.advance(1)
    if (handled.length === flights) all.resolve()
    if (record.value === null || isPoison(record.value)) throw new Reject("no gate")
  }
  const onError = (error: unknown): void => {
    if (!(error instanceof Reject)) all.reject(error)
  }
  const workers = await Promise.all(Array.from({ length: WORKERS - 1 }, () => connect(address)))
  const consumers = workers.map((worker) => {
    const share = worker.topic<Flight>(topic).share(GROUP)
    return share.consume(handle, { concurrency: PREFETCH, prefetch: PREFETCH, onError })
  })
  await Promise.race([all.promise, ...consumers.map(({ done }) => done)])
  await Promise.all(workers.map((worker) => worker.close()))
  return { abandoned, handled }
}

/** Takes what it can, does nothing with it, and dies. */
async function die(address: Address, topic: string): Promise<SharedFlight[]> {
  const wire = new Wire()
  await using broker = await connect({ ...address, webSocket: wire.webSocket })
  const share = broker.topic<Flight>(topic).share(GROUP)
  const held: SharedFlight[] = []
  const options = { prefetch: ABANDONED_RECORDS, visibilityTimeoutMs: SHORT_LOCK_MS, autoExtend: true }
  for await (const record of share.messages(options)) {
    if (held.push(record) < ABANDONED_RECORDS) continue
    wire.cut()
    break
  }
  return held
}

/** How many airports' flights were not handled in the order in which they are in the topic. */
function disordered(flights: readonly Flight[], handled: readonly SharedFlight[]): number {
  const sent = flights.map((flight) => [flight.origin, JSON.stringify(flight)] as const)
  const got = handled.map(({ key, value }) => [key ?? "", JSON.stringify(value)] as const)
  return keysOutOfOrder(sent, got).length
}

function airportsOf(keys: readonly (string | null)[]): number {
  return new Set(keys).size
}

function isPoison({ origin }: Flight): boolean {
  return origin === POISON_ORIGIN
}

function placeOf({ partition, offset }: SharedFlight): string {
  return `${partition}/${offset}`
}
