import type { Failure } from "../../core/errors.ts"
import { MAX_FILTERED_RECORDS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import type { Position } from "../../protocol/native/position.ts"
import { entriesJson, type ReadEntries, readEntries, type ReadView } from "../../protocol/native/reads.ts"
import { waitForRecords } from "../../session/wait-for-records.ts"
import { firstToCome } from "../first-to-come.ts"
import { callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"
import { type ReadLimits, readPartition } from "./partition-read.ts"

/** How much to read of each partition, and what to show of it. */
export interface PartOptions extends ReadLimits, Omit<ReadView, "timestamp"> {}

/** What was read of one partition. */
export interface Part {
  readonly partition: number
  readonly read: Result<ReadEntries, Failure>
}

/** Reads one partition from `position` on. With a filter more is looked at than is asked for. */
export async function readPart(call: Call, partition: number, position: Position, options: PartOptions): Promise<Part> {
  const { maxRecords, maxBytes, filter, damaged } = options
  const limits = { maxRecords: filter === null ? maxRecords : MAX_FILTERED_RECORDS, maxBytes }
  const read = await readPartition(call, partition, position, limits)
  if (!read.ok) return { partition, read }
  const { reply, fromOffset, timestamp } = read.value
  return { partition, read: ok(readEntries(reply, { fromOffset, maxRecords }, { filter, damaged, timestamp })) }
}

/** Whether there is nothing to tell of any of `parts`: each was read to the end of its log. */
export function areEmpty(parts: readonly Part[]): boolean {
  return parts.every(
    ({ read }) => read.ok && read.value.entries.length === 0 && read.value.nextOffset >= read.value.endOffset,
  )
}

/**
 * Goes on from where `parts` ended until one of them has something to tell, for at most `waitMs`. A wait that fails
 * ends it too: the next request will be told why.
 */
export async function readLonger(
  call: Call,
  parts: readonly Part[],
  options: PartOptions,
  waitMs: number,
  gone: AbortSignal,
): Promise<readonly Part[]> {
  const deadlineAt = Date.now() + waitMs
  let latest = parts
  while (areEmpty(latest) && !gone.aborted) {
    const leftMs = deadlineAt - Date.now()
    if (leftMs <= 0) return latest
    if (!(await anyRecord(call, latest, leftMs, gone))) return latest
    latest = await Promise.all(latest.map((part) => readOn(call, part, options)))
  }
  return latest
}

/** Waits until one of `parts` has a record that it did not have. */
async function anyRecord(call: Call, parts: readonly Part[], waitMs: number, gone: AbortSignal): Promise<boolean> {
  const waits = parts.map((part) => (over: AbortSignal) => partWait(call, part, waitMs, over))
  return (await firstToCome(waits, gone)) === "came"
}

/** The members `records`, `nextOffset` and `endOffset` of an answer. */
export function readMembers({ entries, nextOffset, endOffset }: ReadEntries): string {
  return `"records":${entriesJson(entries)},"nextOffset":${nextOffset},"endOffset":${endOffset}`
}

async function readOn(call: Call, part: Part, options: PartOptions): Promise<Part> {
  if (!part.read.ok) return part
  return readPart(call, part.partition, { kind: "offset", offset: part.read.value.nextOffset }, options)
}

async function partWait(
  call: Call,
  { partition, read }: Part,
  waitMs: number,
  over: AbortSignal,
): Promise<Result<boolean, Failure>> {
  if (!read.ok) return read
  const { nextOffset } = read.value
  return callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    waitForRecords(stub, version, nextOffset, waitMs, over),
  )
}
