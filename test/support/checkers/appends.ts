import type { Append, History } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"

/** An append with all that repeated it: it is stored once [S6]. */
export interface DistinctAppend {
  readonly topic: string
  readonly partition: number
  readonly records: Append["records"]
  /** Nothing of it was stored before. */
  readonly calledAt: number
  /** By then it was surely stored; null where that was never said. */
  readonly storedBy: number | null
  /** As the first answer says. */
  readonly offsets: readonly number[] | null
  /** What each answer says: all the same, unless it was stored twice. */
  readonly answers: readonly (readonly number[])[]
  /** Whether each try was refused. */
  readonly refused: boolean
}

export function distinctAppends(history: History): DistinctAppend[] {
  const tries = new Map<string, Append[]>()
  let alone = 0
  for (const append of history.operations) {
    if (append.kind !== "append") continue
    const { producer, topic, partition } = append
    const key = producer
      ? keyOf(topic, partition, producer.id, producer.epoch, producer.sequence)
      : keyOf("alone", alone++)
    listAt(tries, key).push(append)
  }
  return [...tries.values()].map((list) => {
    const stored = list.filter(({ offsets }) => offsets !== null && offsets.length > 0)
    const { topic, partition, records } = list[0]!
    return {
      topic,
      partition,
      records,
      calledAt: Math.min(...list.map(({ calledAt }) => calledAt)),
      storedBy: stored.length === 0 ? null : Math.min(...stored.map(({ answeredAt }) => answeredAt ?? Infinity)),
      offsets: stored[0]?.offsets ?? null,
      answers: stored.map(({ offsets }) => offsets!),
      refused: list.every(({ offsets }) => offsets?.length === 0),
    }
  })
}

/** What is known of one partition. */
export interface Partition {
  readonly topic: string
  readonly partition: number
  readonly appends: readonly DistinctAppend[]
}

export function partitionsOf(history: History): Partition[] {
  const partitions = new Map<string, DistinctAppend[]>()
  for (const append of distinctAppends(history)) listAt(partitions, keyOf(append.topic, append.partition)).push(append)
  return [...partitions.values()].map((appends) => {
    const { topic, partition } = appends[0]!
    return { topic, partition, appends }
  })
}
