import type { History } from "../../support/checkers/history.ts"
import { listAt } from "../../support/checkers/index-of.ts"
import type { Violation } from "../../support/checkers/promises.ts"
import { ROUTED_KEY } from "./appending.ts"

/** A record that was confirmed, and when a member of the group first had it. */
interface Routed {
  readonly value: string
  readonly calledAt: number
  readonly storedBy: number
  readonly readAt: number
}

/** What was appended under a key after another is read after it, also where the key has moved to another partition [S45, G36]. */
export function checkKeyOrder({ operations }: History, topic: string): Violation[] {
  const firstRead = new Map<string, number>()
  for (const operation of operations) {
    if (operation.kind !== "read" || operation.group === null || operation.topic !== topic) continue
    const at = operation.answeredAt ?? operation.calledAt
    for (const { value } of operation.records) firstRead.set(value, Math.min(at, firstRead.get(value) ?? Infinity))
  }
  const byKey = new Map<string, Routed[]>()
  for (const operation of operations) {
    if (operation.kind !== "append" || operation.topic !== topic || operation.answeredAt === null) continue
    const { calledAt, answeredAt: storedBy } = operation
    for (const { value, key } of operation.offsets?.length === 0 ? [] : operation.records) {
      if (key?.startsWith(ROUTED_KEY) !== true) continue
      listAt(byKey, key).push({ value, calledAt, storedBy, readAt: firstRead.get(value) ?? Infinity })
    }
  }
  return [...byKey].flatMap(([key, records]) => {
    const passed = records.flatMap((later) => {
      const earlier = records.find((one) => one.storedBy <= later.calledAt && one.readAt > later.readAt)
      return earlier === undefined ? [] : [{ earlier, later }]
    })
    return passed.map(({ earlier, later }) => ({
      rule: "key order",
      detail: `${later.value} of ${key} was read at ${later.readAt}, before ${earlier.value}, stored by ${earlier.storedBy}`,
      at: later.readAt,
    }))
  })
}
