import type { History } from "./history.ts"
import type { Violation } from "./promises.ts"

/** Whatever compaction takes: a last reader of all finds of each key the newest record that was confirmed, or a later one [S30]. */
export function checkNewestKeys({ operations }: History, topic: string, lastReader: string): Violation[] {
  const confirmed = new Map<string, { readonly offset: number; readonly value: string; readonly at: number }>()
  const found = new Map<string, number>()
  const placeOf = (partition: number, key: string | null): string => `${topic}/${partition} ${key}`
  for (const operation of operations) {
    if (operation.kind === "append" && operation.topic === topic) {
      for (const [index, offset] of (operation.offsets ?? []).entries()) {
        const { key, value } = operation.records[index]!
        const place = placeOf(operation.partition, key)
        if (offset > (confirmed.get(place)?.offset ?? -1))
          confirmed.set(place, { offset, value, at: operation.calledAt })
      }
    } else if (operation.kind === "read" && operation.client === lastReader && operation.topic === topic) {
      for (const { key, offset } of operation.records) {
        const place = placeOf(operation.partition, key)
        found.set(place, Math.max(offset, found.get(place) ?? -1))
      }
    }
  }
  return [...confirmed]
    .filter(([place, { offset }]) => (found.get(place) ?? -1) < offset)
    .map(([place, { offset, value, at }]) => ({
      rule: "newest of its key",
      detail: `${value} at ${offset} is the newest of ${place}, and the last read found ${found.get(place) ?? "none"}`,
      at,
    }))
}
