import { partitionsOf, type DistinctAppend } from "./appends.ts"
import type { History } from "./history.ts"
import type { Violation } from "./promises.ts"

/** What was appended after an answer lies behind what was answered. */
export function checkAppendOrder(history: History): Violation[] {
  return partitionsOf(history).flatMap(({ appends }) => {
    const known = appends.filter(({ offsets, storedBy }) => offsets !== null && storedBy !== null)
    const byStored = [...known].sort((one, other) => one.storedBy! - other.storedBy!)
    const byCalled = [...known].sort((one, other) => one.calledAt - other.calledAt)
    let before = 0
    let highest: DistinctAppend | null = null
    return byCalled.flatMap((append) => {
      for (; before < byStored.length && byStored[before]!.storedBy! <= append.calledAt; before++) {
        if (!highest || lastOf(byStored[before]!) > lastOf(highest)) highest = byStored[before]!
      }
      return highest && append !== highest && append.offsets![0]! <= lastOf(highest) ? [describe(highest, append)] : []
    })
  })
}

function lastOf({ offsets }: DistinctAppend): number {
  return offsets!.at(-1)!
}

function describe(earlier: DistinctAppend, later: DistinctAppend): Violation {
  const { topic, partition, offsets, records, calledAt } = later
  return {
    rule: "order",
    detail:
      `${records[0]!.value}, appended to ${topic}/${partition} at ${calledAt}, has the offset ${offsets![0]}; ` +
      `${earlier.records.at(-1)!.value}, which was stored by ${earlier.storedBy}, has ${lastOf(earlier)}`,
    at: calledAt,
  }
}
