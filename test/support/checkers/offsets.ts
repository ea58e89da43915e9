import { partitionsOf, type Partition } from "./appends.ts"
import type { History, Read } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { topicPromise, type Promises, type Violation } from "./promises.ts"

/**
 * Offsets are given without gaps and for good: one value at an offset, one offset for each time that a value was
 * appended, and a read gives them in order from where it asked [S1, S2, S6]. A topic whose records do not all come from
 * the appends of the history (dead letters, commits with records) has them recorded as appends too.
 */
export function checkOffsets(history: History, promises: Promises): Violation[] {
  const reads = new Map<string, Read[]>()
  const violations: Violation[] = []
  for (const read of history.operations) {
    if (read.kind !== "read") continue
    listAt(reads, keyOf(read.topic, read.partition)).push(read)
    violations.push(...checkRead(read))
  }
  for (const partition of partitionsOf(history)) {
    const compacted = topicPromise(promises, partition.topic).compacted
    violations.push(
      ...checkPartition(partition, reads.get(keyOf(partition.topic, partition.partition)) ?? [], compacted),
    )
  }
  return violations
}

function checkRead(read: Read): Violation[] {
  let least = read.from
  for (const { offset, value } of read.records) {
    if (offset < least)
      return [violation(read, `${read.client} read ${value} at ${offset}, not from ${least} on`, atOf(read))]
    least = offset + 1
  }
  if (read.nextOffset >= least) return []
  const why = `${read.client} is to go on from ${read.nextOffset} after a read from ${read.from} up to ${least - 1}`
  return [violation(read, why, atOf(read))]
}

function checkPartition(partition: Partition, reads: readonly Read[], compacted: boolean): Violation[] {
  const violations: Violation[] = []
  const byOffset = new Map<number, string>()
  const byValue = new Map<string, Set<number>>()
  const note = (offset: number, value: string, at: number) => {
    const other = byOffset.get(offset)
    if (other !== undefined && other !== value) {
      violations.push(violation(partition, `the offset ${offset} stands for ${other} and for ${value}`, at))
    }
    byOffset.set(offset, other ?? value)
    byValue.set(value, (byValue.get(value) ?? new Set()).add(offset))
  }
  for (const { answers, records, storedBy } of partition.appends) {
    for (const offsets of answers) {
      for (const [index, offset] of offsets.entries()) {
        note(offset, records[index]!.value, storedBy!)
        const before = offsets[index - 1]
        if (before === undefined || offset === before + 1) continue
        const why = `one append was answered with the offsets ${before} and ${offset}, next to each other`
        violations.push(violation(partition, why, storedBy!))
      }
    }
  }
  for (const read of reads) {
    for (const { offset, value } of read.records) note(offset, value, atOf(read))
  }
  violations.push(...checkCopies(partition, byValue))
  return compacted ? violations : [...violations, ...checkGaps(partition, byOffset)]
}

/** No value has more offsets than it was appended times. */
function checkCopies(partition: Partition, byValue: ReadonlyMap<string, ReadonlySet<number>>): Violation[] {
  const times = new Map<string, number>()
  for (const { records, refused } of partition.appends) {
    if (refused) continue
    for (const { value } of records) times.set(value, (times.get(value) ?? 0) + 1)
  }
  return [...byValue]
    .filter(([value, offsets]) => offsets.size > Math.max(1, times.get(value) ?? 0))
    .map(([value, offsets]) =>
      violation(
        partition,
        `${value} stands at the offsets ${[...offsets].join(" and ")}, appended ${times.get(value) ?? 0} times`,
        0,
      ),
    )
}

/** Offsets that nothing is known of are at most those of appends that may have been stored. */
function checkGaps(partition: Partition, byOffset: ReadonlyMap<number, string>): Violation[] {
  const values = new Set(byOffset.values())
  let highest = -1
  for (const offset of byOffset.keys()) highest = Math.max(highest, offset)
  let possible = 0
  for (const { offsets, records, refused } of partition.appends) {
    if (offsets === null && !refused) possible += records.filter(({ value }) => !values.has(value)).length
  }
  const unknown = highest + 1 - byOffset.size
  if (unknown <= possible) return []
  const missing: number[] = []
  for (let offset = 0; offset < highest && missing.length < 5; offset++) {
    if (!byOffset.has(offset)) missing.push(offset)
  }
  const why = `${unknown} offsets below ${highest} stand for nothing, of ${possible} that may: ${missing.join(", ")}`
  return [violation(partition, why, 0)]
}

function atOf(read: Read): number {
  return read.answeredAt ?? read.calledAt
}

function violation(place: { topic: string; partition: number }, detail: string, at: number): Violation {
  return { rule: "offsets", detail: `${place.topic}/${place.partition}: ${detail}`, at }
}
