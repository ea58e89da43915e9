import type { TopicPartition } from "../core/group/commands.ts"
import { GIVE_UP_WAIT_MS } from "../core/limits.ts"
import { placeKey } from "./assignment.ts"

/** Commits that are under way, by the partition's key: when they are done. */
export type Commits = ReadonlyMap<string, Promise<void>>

/**
 * Waits for the commits to partitions that are not among `owned`, as to give these up would fence them. A commit that
 * takes its time must not keep a member from being heard: its partition is answered, to be given up with a later
 * heartbeat.
 */
export async function lateCommits(
  commits: Commits,
  owned: readonly TopicPartition[],
): Promise<readonly TopicPartition[]> {
  const kept = new Set(owned.map(placeKey))
  const late = new Set([...commits.keys()].filter((key) => !kept.has(key)))
  if (late.size === 0) return []
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, GIVE_UP_WAIT_MS)
  const finished = [...late].map(async (key) => {
    await commits.get(key)
    late.delete(key)
  })
  await Promise.race([Promise.all(finished), timeout])
  clearTimeout(timer)
  return [...late].map(placeOf)
}

function placeOf(key: string): TopicPartition {
  const [topic = "", partition = ""] = key.split("/")
  return { topic, partition: Number(partition) }
}
