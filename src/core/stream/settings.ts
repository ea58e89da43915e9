import type { Failure } from "../errors.ts"

/** What the owner of a topic may set. */
export interface TopicSettings {
  /** Number of partitions, fixed at creation for now. */
  readonly partitions: number
}

/** The settings of a topic created with `{}`. */
export const DEFAULT_TOPIC_SETTINGS: TopicSettings = { partitions: 1 }

/** Why a topic can't have these settings, or null. */
export function checkTopicSettings(name: string, wanted: TopicSettings, current: TopicSettings | null): Failure | null {
  if (!current || current.partitions === wanted.partitions) return null
  return { code: "conflict", detail: `the partitions of ${name} are fixed at creation: ${current.partitions}` }
}
