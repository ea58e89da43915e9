import type { Check } from "./checks.ts"
import { call, type Connection, type Outcome } from "./client.ts"
import { drain } from "./dead-letters.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"

const GROUP = "boarding"
const DEAD_LETTERS = "boarding-dead"
const WORKERS = 12
const BATCH_RECORDS = 200
/** Of what the dying worker takes: the others need not wait long for it. */
const SHORT_LOCK_MS = 2_000
const WAIT_MS = 250
/** No worker can handle these. */
const POISON_ORIGIN = "BFL"

interface SharedRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly receipt: string
  readonly deliveryCount: number
}

interface Shared {
  readonly records: readonly SharedRecord[]
  readonly ranges: readonly { readonly receipt: string }[]
}

type Statistics = Readonly<Record<"accepted" | "deadLettered" | "locked" | "available", number>>

/** Records that a worker held when it died, and all deliveries. */
interface Work {
  readonly abandoned: readonly SharedRecord[]
  readonly delivered: readonly SharedRecord[]
}

/** A share group works through the flights with more workers than partitions; one dies, and some flights are poison. */
export async function shareFlights(
  connection: Connection,
  topic: string,
  flights: number,
  poison: number,
  progress: Progress,
): Promise<Section> {
  await call(connection, "PUT", `/queues/${DEAD_LETTERS}`, {})
  await call(connection, "PUT", `/groups/${GROUP}`, {
    type: "share",
    autoOffsetReset: "earliest",
    deadLetter: { queue: DEAD_LETTERS },
  })
  const path = `/topics/${topic}/share/${GROUP}`
  const working = progress.start(`share flights among ${WORKERS} workers, one dying`, flights)
  const { abandoned, delivered } = await workAll(connection, path, flights, working)
  const worked = working.end()
  const draining = progress.start("drain the flights that nobody could handle", poison)
  const letters = await drain(connection, DEAD_LETTERS, draining)
  const drained = draining.end()
  const { partitions } = await call<{ partitions: Statistics[] }>(connection, "GET", path)
  const sum = (name: keyof Statistics): number => partitions.reduce((total, one) => total + one[name], 0)
  const again = delivered.filter(({ deliveryCount }) => deliveryCount > 1)
  const places = new Set(delivered.map(({ partition, offset }) => `${partition}/${offset}`))
  const checks: Check[] = [
    { name: "flights delivered", actual: places.size, expected: flights },
    { name: "flights accepted", actual: sum("accepted"), expected: flights - poison },
    { name: "flights delivered again after the death", actual: again.length, expected: abandoned.length },
    { name: "poison flights in the dead-letter queue", actual: letters.length, expected: poison },
    { name: "flights still locked or waiting", actual: sum("locked") + sum("available"), expected: 0 },
  ]
  return { title: `Share group "${GROUP}", ${WORKERS} workers`, timings: [worked, drained], checks }
}

/** How many of `flights` no worker can handle. */
export function countPoison(flights: readonly { readonly origin: string }[]): number {
  return flights.filter(({ origin }) => origin === POISON_ORIGIN).length
}

async function workAll(connection: Connection, path: string, flights: number, step: Step): Promise<Work> {
  const delivered: SharedRecord[] = []
  let settled = 0
  const receive = async (options: object = {}): Promise<Shared> => {
    const request = { maxMessages: BATCH_RECORDS, waitMs: WAIT_MS, ...options }
    const shared = await call<Shared>(connection, "POST", `${path}/receive`, request)
    delivered.push(...shared.records)
    return shared
  }
  const work = async (): Promise<void> => {
    while (settled < flights) {
      const { records, ranges } = await receive()
      if (records.length === 0) continue
      await settleAll(connection, path, records, ranges)
      settled += records.length
      step.advance(records.length)
    }
  }
  const abandoned = (await receive({ lockDurationMs: SHORT_LOCK_MS })).records
  await Promise.all(Array.from({ length: WORKERS - 1 }, work))
  return { abandoned, delivered }
}

/** Gives up the poison, record by record; what is left of the ranges is done. */
async function settleAll(
  connection: Connection,
  path: string,
  records: readonly SharedRecord[],
  ranges: Shared["ranges"],
): Promise<void> {
  const poison = records.filter(({ key }) => key === POISON_ORIGIN)
  if (poison.length > 0) {
    await settle(connection, `${path}/nack`, { receipts: receiptsOf(poison), reject: true, error: "no gate" })
  }
  await settle(connection, `${path}/ack`, { receipts: receiptsOf(ranges) })
}

async function settle(connection: Connection, path: string, body: object): Promise<void> {
  const { results } = await call<{ results: Outcome<object>[] }>(connection, "POST", path, body)
  const failed = results.find((result) => "problem" in result)
  if (failed !== undefined && !isPoisonAlone(failed)) throw new Error(`${path}: ${JSON.stringify(failed)}`)
}

/** A range of one record that was given up is not held any more. */
function isPoisonAlone(result: Outcome<object>): boolean {
  return "problem" in result && result.problem.code === "receipt_expired"
}

function receiptsOf(entries: readonly { readonly receipt: string }[]): string[] {
  return entries.map(({ receipt }) => receipt)
}
