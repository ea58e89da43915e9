import type { Check } from "./checks.ts"
import { call, type Connection } from "./client.ts"
import { GroupMember } from "./group-member.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"

const GROUP = "board"
const SESSION_TIMEOUT_MS = 3_000
const HEARTBEAT_INTERVAL_MS = 300
const PARTITIONS_EACH = 4
const POLL_MS = 50

/** What the members did. */
interface Reading {
  /** `partition/offset` of every record that was processed, as often as it was. */
  readonly processed: string[]
  /** Of those that the dead member had processed and not committed. */
  readonly uncommitted: number
  readonly dead: GroupMember
}

interface Standing {
  readonly lag: number
}

/** A consumer group reads the flights with two members, of which one dies in the middle and comes back too late. */
export async function readAsGroup(
  connection: Connection,
  topic: string,
  flights: number,
  progress: Progress,
): Promise<Section> {
  const settings = {
    autoOffsetReset: "earliest",
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  }
  await call(connection, "PUT", `/groups/${GROUP}`, settings)
  const reading = progress.start("read flights as a group of two, one dying", flights)
  const { processed, uncommitted, dead } = await readAll(connection, topic, flights, reading)
  const read = reading.end()
  const fenced = await dead.commit()
  const { lag } = await call<Standing>(connection, "GET", `/groups/${GROUP}/offsets`)
  const checks: Check[] = [
    { name: "flights processed at least once", actual: new Set(processed).size, expected: flights },
    {
      name: "processed again after the death",
      actual: processed.length - new Set(processed).size,
      expected: uncommitted,
    },
    { name: "late commits of the dead that were fenced", actual: fenced, expected: PARTITIONS_EACH },
    { name: "lag of the group in the end", actual: lag, expected: 0 },
  ]
  return { title: `Consumer group "${GROUP}", two members`, timings: [read], checks }
}

async function readAll(connection: Connection, topic: string, flights: number, step: Step): Promise<Reading> {
  const [survivor, dead] = await bothJoined(connection, topic)
  const seen = new Set<string>()
  const processed: string[] = []
  const process = (records: readonly string[]): void => {
    processed.push(...records)
    const before = seen.size
    for (const record of records) seen.add(record)
    step.advance(seen.size - before)
  }
  const survive = async (): Promise<void> => {
    while (seen.size < flights || survivor.partitions < 2 * PARTITIONS_EACH) {
      process(await survivor.fetch())
      await survivor.commit()
      await survivor.heartbeat()
    }
  }
  /** Dies with something that is done and not committed. */
  const die = async (): Promise<number> => {
    process(await dead.fetch())
    await dead.commit()
    const last = await dead.fetch()
    process(last)
    return last.length
  }
  const [uncommitted] = await Promise.all([die(), survive()])
  return { processed, uncommitted, dead }
}

/** Two members, once each has its half. */
async function bothJoined(connection: Connection, topic: string): Promise<[GroupMember, GroupMember]> {
  const first = await GroupMember.join(connection, GROUP, topic)
  const second = await GroupMember.join(connection, GROUP, topic)
  for (;;) {
    await Promise.all([first.heartbeat(), second.heartbeat()])
    if (first.partitions === PARTITIONS_EACH && second.partitions === PARTITIONS_EACH) return [first, second]
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
