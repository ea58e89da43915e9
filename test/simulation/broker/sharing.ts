import type { Append, History, Operation } from "../../support/checkers/history.ts"
import { decide, HABITS, takeDelivered, takeSettled, wireVerdict, type Habits, type Verdict } from "./handling.ts"
import { patienceFor } from "./receiving.ts"
import { ask, listOf, untilOver, type Json, type Scene } from "./scene.ts"

/** Who receives for which share group. */
export interface SharerPlan {
  readonly client: string
  readonly group: string
  readonly topic: string
  readonly habits: keyof typeof HABITS
}

const LOCKS_MS = [1_000, 2_000, 4_000]
const WAITS_MS = [0, 200, 1_500]
const MAX_REPEATS = 2

/** Under this name a history has what the one share group of a topic does with a partition: as if it were a queue. */
export function shareQueue(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** What was appended to a topic, as sends to the queues that a share group makes of its partitions. */
export function sharedSends({ operations }: History, topic: string): Operation[] {
  return operations
    .filter((operation): operation is Append => operation.kind === "append" && operation.topic === topic)
    .map(({ client, calledAt, answeredAt, partition, records, offsets }) => ({
      kind: "send",
      client,
      calledAt,
      answeredAt,
      queue: shareQueue(topic, partition),
      messages: records.map(({ value, key }) => ({ value, group: key, dedupId: null, delayMs: 0 })),
      results: resultsOf(records.length, offsets),
    }))
}

function resultsOf(count: number, offsets: readonly number[] | null) {
  if (offsets === null) return null
  return Array.from({ length: count }, (_, index) =>
    offsets.length === 0 ? { refused: "refused" } : { id: String(offsets[index]) },
  )
}

/** Receives for a share group by HTTP until the world is over. */
export async function runSharer(scene: Scene, plan: SharerPlan): Promise<void> {
  await untilOver(scene, () =>
    shareOnce(scene, plan, scene.random.pick(WAITS_MS), scene.random.pick(LOCKS_MS), HABITS[plan.habits]),
  )
}

/** One receive and what follows; answers how much came, or null where that is not known. */
export async function shareOnce(
  scene: Scene,
  plan: Omit<SharerPlan, "habits">,
  waitMs: number,
  lockDurationMs: number,
  habits: Habits,
  maxMessages = scene.random.between(1, 10),
): Promise<number | null> {
  const path = `/v1/topics/${plan.topic}/share/${plan.group}`
  const { random } = scene
  const asked = await ask(
    scene,
    "POST",
    `${path}/receive`,
    { maxMessages, waitMs, lockDurationMs },
    patienceFor(scene, waitMs),
  )
  if (asked.status !== 200 || !Array.isArray(asked.body["records"])) return null
  const records = listOf(asked.body, "records")
  const byPartition = new Map<number, Json[]>()
  for (const record of records) {
    const partition = Number(record["partition"])
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), asMessage(record)])
  }
  const held = [...byPartition].map(([partition, messages]) => {
    const queue = shareQueue(plan.topic, partition)
    const leasing = { client: plan.client, queue, leasedAfter: asked.calledAt, visibilityTimeoutMs: lockDurationMs }
    return { queue, held: takeDelivered(scene, leasing, messages) }
  })
  await scene.sleep(random.between(1, random.chance(0.1) ? 4_000 : 60))
  for (const { queue, held: some } of held) {
    for (const verdict of decide(scene, habits, some)) await settle(scene, plan, path, queue, verdict)
  }
  return records.length
}

export function asMessage({ offset, key, ...record }: Json): Json {
  return { ...record, id: offset, ...(typeof key === "string" ? { groupId: key } : {}) }
}

async function settle(
  scene: Scene,
  plan: Omit<SharerPlan, "habits">,
  path: string,
  queue: string,
  verdict: Verdict,
): Promise<void> {
  const { operation, body: said } = wireVerdict(verdict, "lockDurationMs")
  for (let repeat = 0; repeat <= MAX_REPEATS; repeat++) {
    const asked = await ask(scene, "POST", `${path}/${operation}`, said)
    const results = asked.status === 200 ? listOf(asked.body, "results") : asked.refused ? asked.code : null
    const outcomes = takeSettled(scene, { client: plan.client, queue }, verdict, asked.calledAt, results)
    if (operation !== "ack" || outcomes.every((outcome) => outcome !== null)) return
    await scene.sleep(scene.random.between(10, 200))
  }
}
