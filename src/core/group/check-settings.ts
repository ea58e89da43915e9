import type { Failure } from "../errors.ts"
import type { QueueSettings } from "../queue/settings.ts"
import { isCompacted, type TopicSettings } from "../stream/settings.ts"
import type { GroupSettings, ShareDeadLetter } from "./settings.ts"

/** Answers the settings of names that a group may point at; null for one that does not exist. */
export interface Neighbours {
  readonly queue: (name: string) => QueueSettings | null
  readonly topic: (name: string) => TopicSettings | null
}

/** Why a group can't have these settings, or null. */
export function checkGroupSettings(
  name: string,
  wanted: GroupSettings,
  current: GroupSettings | null,
  neighbours: Neighbours,
): Failure | null {
  return checkFixed(name, wanted, current) ?? checkTogether(wanted) ?? checkDeadLetter(wanted, current, neighbours)
}

function checkFixed(name: string, wanted: GroupSettings, current: GroupSettings | null): Failure | null {
  for (const field of ["type", "ordering"] as const) {
    if (current && current[field] !== wanted[field]) {
      return { code: "conflict", detail: `${field} is fixed at creation: of ${name} it is ${current[field]}` }
    }
  }
  return null
}

/** Settings that do not go together. */
function checkTogether(wanted: GroupSettings): Failure | null {
  if (wanted.heartbeatIntervalMs >= wanted.sessionTimeoutMs) {
    return refused("/heartbeatIntervalMs", `must be less than sessionTimeoutMs, which is ${wanted.sessionTimeoutMs}`)
  }
  if (wanted.type === "share") return null
  if (wanted.ordering !== "none") return refused("/ordering", "the order of a consumer group is that of its partitions")
  if (wanted.deadLetter !== null) return refused("/deadLetter", "records leave only a share group")
  return null
}

/** A target that stays as it is may be gone: then the other settings can be changed all the same. */
function checkDeadLetter(
  { deadLetter, ordering }: GroupSettings,
  current: GroupSettings | null,
  neighbours: Neighbours,
): Failure | null {
  if (deadLetter === null || (current?.deadLetter && isSame(deadLetter, current.deadLetter))) return null
  switch (deadLetter.kind) {
    case "queue":
      return checkQueue(deadLetter, ordering, neighbours)
    case "topic":
      return checkTopic(deadLetter, neighbours)
  }
}

function isSame(one: ShareDeadLetter, other: ShareDeadLetter): boolean {
  switch (one.kind) {
    case "queue":
      return other.kind === "queue" && other.queue === one.queue
    case "topic":
      return other.kind === "topic" && other.topic === one.topic
  }
}

function checkQueue(
  { queue }: Extract<ShareDeadLetter, { kind: "queue" }>,
  ordering: GroupSettings["ordering"],
  neighbours: Neighbours,
): Failure | null {
  const settings = neighbours.queue(queue)
  if (!settings) return refused("/deadLetter/queue", `there is no queue ${queue}`)
  if (settings.ordering === "standard" || ordering === "key") return null
  return refused("/deadLetter/queue", `${queue} is ${settings.ordering}, and this group keeps no order`)
}

function checkTopic({ topic }: Extract<ShareDeadLetter, { kind: "topic" }>, neighbours: Neighbours): Failure | null {
  const settings = neighbours.topic(topic)
  if (!settings) return refused("/deadLetter/topic", `there is no topic ${topic}`)
  if (!isCompacted(settings)) return null
  return refused("/deadLetter/topic", `${topic} keeps one record of each key, and would lose dead letters`)
}

function refused(pointer: string, detail: string): Failure {
  return { code: "invalid_field", pointer, detail }
}
