import { LATENESS_MS, type QueuePromise } from "../checkers/promises.ts"
import type { GroupReader } from "./group-reader.ts"
import { queuePlace, sharePlace } from "./places.ts"
import { QueueReceiver } from "./queue-receiver.ts"
import { GROUPS, LONG_LEASE_MS, QUEUES, SHARES, SQS_QUEUE } from "./settings.ts"
import type { SqsAccount } from "./sqs-account.ts"
import { SqsReceiver } from "./sqs-work.ts"
import type { Stage } from "./stage.ts"
import { TopicReader } from "./topic-reader.ts"
import { within } from "./within.ts"

const WAIT_MS = 500

/** A queue, or what is one to its consumers. */
interface Drained {
  takeAll(waitMs: number): Promise<number>
}

/** Takes everything out of all queues; answers from when on nothing was left in each. */
export async function drainQueues(stage: Stage, account: SqsAccount, slackMs: number): Promise<Map<string, number>> {
  const places = [
    ...Object.keys(QUEUES).map((name) => queuePlace(name)),
    ...Object.keys(SHARES).map((name) => sharePlace(name)),
  ]
  const receivers = new Map<string, Drained>(
    places.map((place) => [place.queue, new QueueReceiver(stage, place, `drain of ${place.queue}`)]),
  )
  receivers.set(SQS_QUEUE, new SqsReceiver(stage, account, `drain of ${SQS_QUEUE}`))
  // whatever is leased now comes back by then, and as late as it may
  const until = stage.recorder.now() + LONG_LEASE_MS + LATENESS_MS + slackMs + WAIT_MS
  const drained = [...receivers].map(async ([queue, receiver]) => {
    return [queue, await within(`the drain of ${queue}`, drainQueue(stage, receiver, until))] as const
  })
  return new Map(await Promise.all(drained))
}

async function drainQueue(stage: Stage, receiver: Drained, until: number): Promise<number> {
  for (;;) {
    const calledAt = stage.recorder.now()
    if ((await receiver.takeAll(WAIT_MS)) === 0 && calledAt >= until) return calledAt
  }
}

/** Sets what a drain has shown. */
export function drainedPromises(
  promises: Readonly<Record<string, QueuePromise>>,
  drained: ReadonlyMap<string, number>,
): Record<string, QueuePromise> {
  return Object.fromEntries(
    Object.entries(promises).map(([name, promise]) => [name, { ...promise, drainedAt: drained.get(name) ?? null }]),
  )
}

/** Reads all partitions from their first record on. */
export async function readTopics(stage: Stage, topics: Readonly<Record<string, number>>): Promise<void> {
  const partitions = Object.entries(topics).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  await Promise.all(
    partitions.map((place) => {
      const name = auditorOf(place.topic)
      return within(name, new TopicReader(stage, place, name).toEnd())
    }),
  )
}

/** Who reads all of a topic, at last. */
export function auditorOf(topic: string): string {
  return `auditor of ${topic}`
}

interface ShownOffset {
  readonly partition: number
  readonly committedOffset: number | null
  readonly endOffset: number
}

/** Waits until a group has committed all there is; `members` are those that only work when asked to. */
export async function finishGroup(
  stage: Stage,
  group: keyof typeof GROUPS,
  members: readonly GroupReader[],
): Promise<void> {
  const { topic } = GROUPS[group]
  for (;;) {
    await Promise.all(members.map((member) => member.work()))
    const shown = await stage.door.insist("GET", `/v1/groups/${group}/offsets?topic=${topic}`, null, [200])
    const { partitions } = shown.answer.body as { readonly partitions: readonly ShownOffset[] }
    if (partitions.every(({ committedOffset, endOffset }) => (committedOffset ?? 0) >= endOffset)) {
      return noteEnds(stage, group, partitions)
    }
  }
}

/** That a group begins with the first record of each partition. */
export function noteBegins(stage: Stage, group: keyof typeof GROUPS, partitions: number): void {
  const begins = Array.from({ length: partitions }, (_, partition) => ({ partition, endOffset: 0, committedOffset: 0 }))
  noteEnds(stage, group, begins)
}

/** That all before these offsets is done, as a read that got nothing: what lies before it was read by then. */
function noteEnds(stage: Stage, name: keyof typeof GROUPS, ends: readonly ShownOffset[]): void {
  const at = stage.recorder.now()
  const { topic } = GROUPS[name]
  for (const { partition, endOffset } of ends) {
    stage.recorder.add({
      kind: "read",
      client: name,
      calledAt: at,
      answeredAt: at,
      topic,
      partition,
      group: { name, member: name, epoch: 0 },
      from: endOffset,
      records: [],
      nextOffset: endOffset,
    })
  }
}
