import { connect, type GroupConsumer, isMillraceError, type TopicRecord } from "../src/client/index.ts"
import type { Check } from "./checks.ts"
import type { Flight } from "./data.ts"
import type { Address } from "./http.ts"
import type { Progress } from "./progress.ts"
import type { Section } from "./report.ts"
import { Wire } from "./wire.ts"

const GROUP = "board"
const SESSION_TIMEOUT_MS = 3_000
const HEARTBEAT_INTERVAL_MS = 300
const PARTITIONS_EACH = 4
/** What the dying member commits, and what it has done besides when it dies. */
const COMMITTED_RECORDS = 500
const UNCOMMITTED_RECORDS = 1_000

type FlightRecord = TopicRecord<string, Flight>
type Process = (record: FlightRecord) => void

/** A consumer group reads the flights with two members, of which one dies in the middle and comes back too late. */
export async function readAsGroup(
  address: Address,
  topic: string,
  flights: number,
  progress: Progress,
): Promise<Section> {
  const wire = new Wire()
  await using broker = await connect(address)
  await using doomed = await connect({ ...address, webSocket: wire.webSocket })
  await broker.admin.groups.put(GROUP, {
    autoOffsetReset: "earliest",
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  })

  const reading = progress.start("read flights as a group of two, one dying", flights)
  const { processed, process, all } = bookFor(flights, (count) => reading.advance(count))
  const halves = halvesFor()
  const survivor = broker.topic<Flight>(topic).consumer(GROUP, halves.first)
  const surviving = survivor.run(process)
  await Promise.race([halves.joined, surviving])
  const dying = doomed.topic<Flight>(topic).consumer(GROUP, { ...halves.second, autoCommit: false })
  const dead = await Promise.race([die(dying, wire, process), surviving.then(neverSoEarly)])
  await Promise.race([all, surviving])
  const read = reading.end()

  const fenced = await commitLate(dying, dead, wire)
  await doomed.close()
  await survivor.close()
  await surviving
  const { lag } = await broker.admin.groups.offsets(GROUP)
  const different = new Set(processed).size
  const checks: Check[] = [
    { name: "flights processed at least once", actual: different, expected: flights },
    { name: "processed again after the death", actual: processed.length - different, expected: dead.uncommitted },
    { name: "late commits of the dead that were fenced", actual: fenced, expected: PARTITIONS_EACH },
    { name: "lag of the group in the end", actual: lag, expected: 0 },
  ]
  return { title: `Consumer group "${GROUP}", two members`, timings: [read], checks }
}

/** Keeps `partition/offset` of every record that is processed, as often as it is; `all` resolves with the last. */
function bookFor(records: number, advance: (count: number) => void) {
  const processed: string[] = []
  const seen = new Set<string>()
  const all = Promise.withResolvers<void>()
  const process: Process = ({ partition, offset }) => {
    const place = `${partition}/${offset}`
    processed.push(place)
    if (!seen.has(place)) advance(1)
    if (seen.add(place).size === records) all.resolve()
  }
  return { processed, process, all: all.promise }
}

/** Options of two members that begin when each has its half; `joined` resolves when the first is in the group. */
function halvesFor() {
  const joined = Promise.withResolvers<void>()
  const shared = Promise.withResolvers<void>()
  let given = 0
  return {
    joined: joined.promise,
    first: {
      onAssigned: () => {
        joined.resolve()
        return shared.promise
      },
    },
    second: {
      onAssigned: (partitions: readonly unknown[]) => {
        given += partitions.length
        if (given === PARTITIONS_EACH) shared.resolve()
        return shared.promise
      },
    },
  }
}

/** What a member leaves behind. */
interface Dead {
  /** How many records it had processed and not committed. */
  readonly uncommitted: number
  /** The last of each partition. */
  readonly last: readonly FlightRecord[]
}

/** Dies with something that is done and not committed. */
async function die(member: GroupConsumer<string, Flight>, wire: Wire, process: Process): Promise<Dead> {
  const done = await processSome(member, COMMITTED_RECORDS, process)
  await Promise.all(done.map((record) => member.commit(record)))
  let uncommitted = 0
  const last = await processSome(member, UNCOMMITTED_RECORDS, (record) => {
    process(record)
    uncommitted++
  })
  wire.cut()
  return { uncommitted, last }
}

/** Processes `count` records, or as many as it takes to see all partitions; returns the last of each. */
async function processSome(
  member: GroupConsumer<string, Flight>,
  count: number,
  process: Process,
): Promise<FlightRecord[]> {
  const last = new Map<number, FlightRecord>()
  let left = count
  for await (const record of member) {
    process(record)
    last.set(record.partition, record)
    if (--left <= 0 && last.size === PARTITIONS_EACH) break
  }
  return [...last.values()]
}

/** Says what the dead would have liked to commit as soon as it is back; answers how much of it was turned away. */
async function commitLate(member: GroupConsumer<string, Flight>, { last }: Dead, wire: Wire): Promise<number> {
  let fenced = 0
  wire.mend()
  for (const record of last) {
    try {
      await member.commit(record)
    } catch (error) {
      if (!isMillraceError(error, "fenced")) throw error
      fenced++
    }
  }
  return fenced
}

function neverSoEarly(): never {
  throw new Error("the member that should survive ended first")
}
