import { checkHistory } from "../checkers/check-history.ts"
import { checkNewestKeys } from "../checkers/newest-keys.ts"
import type { Violation } from "../checkers/promises.ts"
import { auditorOf } from "./drain.ts"
import type { Load } from "./load.ts"
import { checkRefusals } from "./refusals.ts"
import { TOPICS, type TopicName } from "./settings.ts"

/** All promises that a load shows to be broken, once it was drained. */
export function checkLoad({ history, promises }: Load): Violation[] {
  const compacted = (Object.keys(TOPICS) as TopicName[]).filter((topic) => TOPICS[topic].promise.compacted)
  const newest = compacted.flatMap((topic) => checkNewestKeys(history, topic, auditorOf(topic)))
  return [...checkHistory(history, promises), ...newest, ...checkRefusals(history)]
}
