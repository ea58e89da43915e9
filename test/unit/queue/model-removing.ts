import fc from "fast-check"
import { expect } from "vitest"
import type { MessageState, PurgeCursor } from "../../../src/core/queue/operator/commands.ts"
import { search } from "../../../src/core/queue/operator/find.ts"
import { purge } from "../../../src/core/queue/operator/purge.ts"
import { removeMessage } from "../../../src/core/queue/operator/remove.ts"
import type { Step } from "./model.ts"
import type { QueueScene } from "./scene.ts"

const STATES = {
  waiting: ["ready", "delayed"],
  in_flight: ["in_flight"],
  scheduled: ["scheduled"],
} as const satisfies Record<string, readonly MessageState[]>

/** An operator deletes one message, or many; what is sent in the same commit is not there yet. */
export function removing(groups: readonly string[] = []): fc.Arbitrary<Step> {
  const one = fc.nat(40).map((which): Step => ({
    label: `delete number ${which}`,
    run: ({ reference, now, isFirst }, scene) => {
      if (!isFirst) return
      const there = [...reference.live, ...reference.data.scheduled]
      const id = there[which]?.id ?? which
      expect(scene.command(now, () => removed(id, scene, now))).toBe(reference.remove(id, now))
    },
  }))
  const purged = fc.record({
    what: fc.constantFrom("waiting", "in_flight", "scheduled"),
    groupId: fc.constantFrom(null, ...groups),
  })
  const many = purged.map(({ what, groupId }): Step => ({
    label: `purge ${what} of ${groupId}`,
    run: ({ reference, now, isFirst }, scene) => {
      if (!isFirst) return
      expect(scene.command(now, () => purgeAll(STATES[what], groupId, scene, now))).toBe(reference.purge(what, groupId))
    },
  }))
  return fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: many })
}

function removed(id: number, { queue }: QueueScene, now: number): string | null {
  for (let from: number | null = null; ;) {
    const found = search(queue.state, id, from, now)
    if (found.kind === "missing") return "missing"
    if (found.kind === "found") {
      const result = removeMessage(queue.state, found.place, now)
      return result.ok ? null : result.error.code
    }
    from = found.from
  }
}

/** Deletes all messages that stand so, slice by slice in one commit. */
export function purgeAll(
  states: readonly MessageState[],
  groupId: string | null,
  { queue }: QueueScene,
  now: number,
  forgetsDedup = false,
): number {
  const filter = { reason: null, header: null, groupId, sentAfter: null, sentBefore: null }
  let cursor: PurgeCursor | null = null
  for (let count = 0; ;) {
    const slice = purge(queue.state, { states, filter, cursor, forgetsDedup }, now)
    count += slice.removed
    cursor = slice.cursor
    if (cursor === null) return count
  }
}
