import type { Random } from "../random.ts"
import { drain, unbalanced } from "./draining.ts"
import { createQueues, queueKinds, queuePromises, type QueueKind } from "./queue-kinds.ts"
import type { MakeScenario, Scenario } from "./world.ts"

const MOST_KINDS = 2

/** Queues of one or two kinds, side by side. */
export function queueScenario(random: Random, clocksJump: boolean): Scenario {
  return scenarioOf(pickKinds(random, queueKinds(clocksJump)))
}

/** Queues of one kind alone. */
export function onlyQueues(kind: QueueKind): MakeScenario {
  return () => scenarioOf([kind])
}

function scenarioOf(kinds: readonly QueueKind[]): Scenario {
  let drainedAt: number | null = null
  return {
    async setUp(scene) {
      for (const kind of kinds) await createQueues(scene, kind)
    },
    clients: (makeScene) => kinds.flatMap((kind) => kind.clients(makeScene)),
    async drain(scene) {
      const left: string[] = []
      for (const { queues, rest } of kinds) {
        const names = Object.keys(queues)
        const what = (await rest?.(scene)) ?? (await drain(scene, names)) ?? (await unbalanced(scene, names))
        if (what !== null) left.push(what)
      }
      drainedAt = left.length === 0 ? scene.recorder.now() : null
      return left
    },
    queues: () => Object.fromEntries(kinds.flatMap((kind) => Object.entries(queuePromises(kind, drainedAt)))),
    topics: () => ({}),
    derived: () => [],
    check: () => [],
  }
}

/** Each name once. */
function pickKinds(random: Random, kinds: readonly QueueKind[]): QueueKind[] {
  const picked: QueueKind[] = []
  for (let count = random.between(1, MOST_KINDS); count > 0; count--) {
    const kind = random.pick(kinds)
    const isTaken = picked.some((one) => one === kind || Object.keys(kind.queues).some((name) => name in one.queues))
    if (!isTaken) picked.push(kind)
  }
  return picked
}
