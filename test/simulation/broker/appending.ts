import { partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import type { Append } from "../../support/checkers/history.ts"
import type { Random } from "../random.ts"
import type { Batch, Outcome, Target } from "./publishing.ts"
import {
  ask,
  askUntilSure,
  isUnsure,
  listOf,
  problemOf,
  untilOver,
  type Asked,
  type Json,
  type Scene,
} from "./scene.ts"

/** What an appender puts where. */
export interface AppenderPlan {
  readonly client: string
  readonly topic: string
  /** How many partitions the topic has at first; it may get one more. */
  readonly partitions: number
  /** Whether records go where their key belongs; else to a partition that is named. */
  readonly keyed: boolean
}

type Record = Append["records"][number]

const MAX_RECORDS = 5
const KEYS = 6
/** What the keys begin with of records that go where their key belongs. */
export const ROUTED_KEY = "k"

/** Appends by HTTP until the world is over. */
export async function runAppender(scene: Scene, plan: AppenderPlan): Promise<void> {
  const { random } = scene
  const newRecords = recordMaker(plan)
  await untilOver(scene, async () => {
    // all of one request go to one partition
    const key = plan.keyed ? `${ROUTED_KEY}${random.between(1, KEYS)}` : random.chance(0.5) ? placedKey(random) : null
    const records = newRecords(random.between(1, MAX_RECORDS), key)
    const partition = plan.keyed ? null : random.between(0, plan.partitions - 1)
    const asked = await ask(scene, "POST", `/v1/topics/${plan.topic}/records`, wireAppend(records, partition))
    const places = partition === null ? placesOf(key!, plan.partitions) : [partition]
    recordAppend(scene, plan, records, places, asked)
  })
}

/** Appends by HTTP under a producer's sequence: what has no answer is said again. */
export async function runNumberedAppender(scene: Scene, plan: AppenderPlan): Promise<void> {
  const { random } = scene
  const { client, topic } = plan
  const newRecords = recordMaker(plan)
  const opened = await askUntilSure(scene, "POST", "/v1/producers", {})
  const [id, epoch] = [Number(opened.body["producerId"]), Number(opened.body["epoch"])]
  const partition = random.between(0, plan.partitions - 1)
  let sequence = 0
  await untilOver(scene, async () => {
    const records = newRecords(random.between(1, MAX_RECORDS), placedKey(random))
    const producer = { id: String(id), epoch, sequence }
    for (;;) {
      const body = { ...wireAppend(records, partition), producer: { id, epoch, sequence } }
      const asked = await ask(scene, "POST", `/v1/topics/${topic}/records`, body)
      const { calledAt } = asked
      const offsets = offsetsOf(asked)
      const answeredAt = offsets === null ? null : asked.answeredAt
      scene.recorder.add({ kind: "append", client, topic, partition, records, producer, calledAt, answeredAt, offsets })
      if (asked.refused) {
        scene.recorder.surprise("numbered appends", `that at ${sequence} was refused: ${JSON.stringify(asked.body)}`)
        return
      }
      if (asked.status === 200) break
      await scene.sleep(random.between(10, 200))
    }
    sequence += records.length
  })
}

/** A publisher over sockets, to one partition. */
export function topicTarget(scene: Scene, plan: AppenderPlan, partition: number): Target<Record> {
  const { client, topic } = plan
  const newRecords = recordMaker(plan)
  return {
    frame: (entries) => ({ topic, partition, records: entries.map(wireRecord) }),
    newEntries: (count) => newRecords(count, placedKey(scene.random)),
    record({ entries, calledAt, producer }: Batch<Record>, outcome: Outcome) {
      const offsets = typeof outcome === "string" ? [] : outcome === null ? null : entryOffsets(outcome)
      const answeredAt = offsets === null ? null : scene.recorder.now()
      // what was refused gives its number to the next one
      const numbered = { records: entries, producer: typeof outcome === "string" ? null : producer }
      scene.recorder.add({ kind: "append", client, topic, partition, ...numbered, calledAt, answeredAt, offsets })
    },
  }
}

/** Of a record that goes to the partition that is named. */
function placedKey(random: Random): string {
  return `placed${random.between(1, KEYS)}`
}

function recordMaker({ client, topic }: AppenderPlan): (count: number, key: string | null) => Record[] {
  let made = 0
  return (count, key) => Array.from({ length: count }, () => ({ value: `${topic}:${client}:${made++}`, key }))
}

function wireAppend(records: readonly Record[], partition: number | null): { readonly records: readonly object[] } {
  return {
    records: records.map((record) => ({ ...wireRecord(record), ...(partition === null ? {} : { partition }) })),
  }
}

function wireRecord({ value, key }: Record): object {
  return { body: value, ...(key === null ? {} : { key }) }
}

/** Where a key belongs, before and after a partition is added. */
function placesOf(key: string, partitions: number): number[] {
  const bytes = new TextEncoder().encode(key)
  return [...new Set([partitionOfKey(bytes, partitions), partitionOfKey(bytes, partitions + 1)])]
}

function recordAppend(
  scene: Scene,
  { client, topic }: AppenderPlan,
  records: readonly Record[],
  places: readonly number[],
  asked: Asked,
): void {
  const offsets = offsetsOf(asked)
  const { calledAt } = asked
  const answeredAt = offsets === null ? null : asked.answeredAt
  const stored = listOf(asked.body, "records")[0]
  const known = stored === undefined ? places : [Number(stored["partition"])]
  for (const partition of known) {
    scene.recorder.add({
      kind: "append",
      client,
      topic,
      partition,
      records,
      producer: null,
      calledAt,
      answeredAt,
      offsets,
    })
  }
}

/** Per record; none where all were refused, null where nothing is known. */
function offsetsOf(asked: Asked): readonly number[] | null {
  if (asked.refused) return []
  return asked.status === 200 ? entryOffsets(listOf(asked.body, "records")) : null
}

function entryOffsets(entries: readonly Json[]): readonly number[] | null {
  if (entries.some((entry) => isUnsure(entry) || entry["offset"] === null)) return null
  if (entries.some((entry) => problemOf(entry) !== null)) return []
  return entries.map((entry) => Number(entry["offset"]))
}
