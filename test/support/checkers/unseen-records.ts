import { distinctAppends } from "./appends.ts"
import type { History, Read } from "./history.ts"
import { firstFrom, keyOf, listAt } from "./index-of.ts"
import { topicPromise, type Promises, type Violation } from "./promises.ts"

/**
 * A read leaves out no record that is there, nor does a group as a whole, and at the end of the log it answers none only
 * where none is left [S1, S2, S3, G10]. Records that compaction, retention or a trim may have taken don't count.
 */
export function checkUnseenRecords(history: History, promises: Promises): Violation[] {
  const known = knownRecords(history)
  const cut = new Map<string, number>()
  const sought = new Set<string>()
  const reads: Read[] = []
  for (const operation of history.operations) {
    if (operation.kind === "seek") sought.add(keyOf(operation.group, operation.topic, operation.partition))
    else if (operation.kind === "read") reads.push(operation)
    else if (operation.kind === "trim") {
      const place = keyOf(operation.topic, operation.partition)
      cut.set(place, Math.max(cut.get(place) ?? 0, operation.before))
    }
  }
  const expected = (read: Read, from: number, until: number) => {
    const place = keyOf(read.topic, read.partition)
    const { compacted, retentionMs } = topicPromise(promises, read.topic)
    const least = Math.max(from, cut.get(place) ?? 0)
    return compacted ? [] : between(known.get(place) ?? [], least, until, atOf(read) - (retentionMs ?? Infinity))
  }
  const groups = new Map<string, Read[]>()
  const violations: Violation[] = []
  for (const read of reads) {
    violations.push(...leftOut(read, expected), ...blind(read, expected))
    if (read.group) listAt(groups, keyOf(read.group.name, read.topic, read.partition)).push(read)
  }
  for (const [group, ofGroup] of groups) if (!sought.has(group)) violations.push(...neverRead(ofGroup, expected))
  return violations
}

interface Known {
  readonly offset: number
  readonly value: string
  /** It was not appended before. */
  readonly calledAt: number
  /** By then it was surely there. */
  readonly storedBy: number
}

/** Records that should be seen by a read, in the range of offsets. */
type Expected = (read: Read, from: number, until: number) => Known[]

/** By partition, in order of offsets. */
function knownRecords(history: History): Map<string, Known[]> {
  const partitions = new Map<string, Known[]>()
  for (const { topic, partition, offsets, records, calledAt, storedBy } of distinctAppends(history)) {
    for (const [index, offset] of (offsets ?? []).entries()) {
      const record = { offset, value: records[index]!.value, calledAt, storedBy: storedBy! }
      listAt(partitions, keyOf(topic, partition)).push(record)
    }
  }
  for (const records of partitions.values()) records.sort((one, other) => one.offset - other.offset)
  return partitions
}

function between(records: readonly Known[], from: number, until: number, calledAfter: number): Known[] {
  const found: Known[] = []
  for (let at = firstFrom(records, from, ({ offset }) => offset); at < records.length; at++) {
    if (records[at]!.offset >= until) break
    if (records[at]!.calledAt > calledAfter) found.push(records[at]!)
  }
  return found
}

function leftOut(read: Read, expected: Expected): Violation[] {
  const seen = new Set(read.records.map(({ offset }) => offset))
  const missing = expected(read, read.from, read.nextOffset).find(({ offset }) => !seen.has(offset))
  if (!missing) return []
  const why = `a read of ${read.client} from ${read.from} to ${read.nextOffset} left out ${missing.value} at ${missing.offset}`
  return [violation(read, why)]
}

/** A group may be held back by a limit: it is not asked why it got nothing. */
function blind(read: Read, expected: Expected): Violation[] {
  if (read.records.length > 0 || read.group !== null) return []
  const missing = expected(read, Math.max(read.from, read.nextOffset), Infinity)[0]
  if (!missing || missing.storedBy >= read.calledAt) return []
  const why = `${missing.value} at ${missing.offset} was there by ${missing.storedBy}`
  return [violation(read, `a read of ${read.client} from ${read.from} at ${read.calledAt} found nothing, and ${why}`)]
}

/** Whatever lies between the first and the highest that members of a group read. */
function neverRead(reads: readonly Read[], expected: Expected): Violation[] {
  let next = Infinity
  return [...reads]
    .sort((one, other) => one.from - other.from)
    .flatMap((read) => {
      const [missing] = read.from > next ? expected(read, next, read.from) : []
      next = next === Infinity ? read.nextOffset : Math.max(next, read.nextOffset)
      if (!missing) return []
      const why = `no member of ${read.group!.name} read ${missing.value} at ${missing.offset}`
      return [violation(read, `${why}; ${read.group!.member} went on from ${read.from}`)]
    })
}

function atOf(read: Read): number {
  return read.answeredAt ?? read.calledAt
}

function violation(read: Read, detail: string): Violation {
  return { rule: "unseen records", detail: `${read.topic}/${read.partition}: ${detail}`, at: atOf(read) }
}
