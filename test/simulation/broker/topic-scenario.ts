import type { Random } from "../random.ts"
import {
  agingTopic,
  compactedTopic,
  groupedTopic,
  orderedShare,
  plainTopic,
  sharedTopic,
  type TopicKind,
} from "./topic-kinds.ts"
import type { MakeScenario, Scenario } from "./world.ts"

/** A topic of one kind or another; what ends needs clocks that don't jump. */
export function topicScenario(random: Random, clocksJump: boolean): Scenario {
  const kinds = [
    () => plainTopic(random.chance(0.5), random.chance(0.5)),
    () => groupedTopic(random.chance(0.5), random.chance(0.3)),
    () => sharedTopic(),
    () => orderedShare(),
    () => compactedTopic(),
    ...(clocksJump ? [] : [() => agingTopic()]),
  ]
  return scenarioOf(random.pick(kinds)())
}

/** A topic of one kind. */
export function onlyTopic(kind: TopicKind): MakeScenario {
  return () => scenarioOf(kind)
}

function scenarioOf(kind: TopicKind): Scenario {
  let drainedAt: number | null = null
  return {
    setUp: kind.setUp,
    clients: kind.clients,
    async drain(scene) {
      const left = await kind.drain(scene)
      drainedAt = left === null ? scene.recorder.now() : null
      return left === null ? [] : [left]
    },
    queues: () => kind.queues(drainedAt),
    topics: () => ({ [kind.topic]: { retentionMs: kind.retentionMs ?? null, compacted: kind.isCompacted === true } }),
    derived: kind.derived,
    check: kind.check ?? (() => []),
  }
}
