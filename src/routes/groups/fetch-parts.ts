import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Owner } from "../../core/stream/group-commands.ts"
import { type ReadEntries, readEntries } from "../../protocol/native/reads.ts"
import { waitForRecords } from "../../session/wait-for-records.ts"
import type { Scope } from "../env.ts"
import { type Coming, firstToCome } from "../first-to-come.ts"
import { callPartition, groupMetadata } from "../objects.ts"
import type { ReadLimits } from "../topics/partition-read.ts"
import { eachOwned } from "./group-of-kind.ts"

/** Who fetches, and how much of each partition. */
export interface MemberFetch {
  readonly group: string
  readonly memberId: string
  readonly limits: ReadLimits
}

/** Where a member reads, under the epoch of its assignment; an `offset` that it does not have is null. */
interface FetchPlace {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly offset: number | null
}

/** What was fetched from one partition. */
export interface FetchedPart {
  readonly place: FetchPlace
  readonly read: Result<ReadEntries, Failure>
}

/** Reads each of `places` for its owner. */
export async function fetchParts(
  scope: Scope,
  { group, memberId, limits }: MemberFetch,
  places: readonly FetchPlace[],
): Promise<Result<FetchedPart[], Failure>> {
  const reads = await eachOwned(scope, group, places, (generation, place) =>
    fetchPart(scope, { group, generation, memberId, epoch: place.epoch }, place, limits),
  )
  return reads.ok ? ok(places.map((place, nth) => ({ place, read: reads.value[nth]! }))) : reads
}

/** Whether there is anything to tell of `parts`: records, or a problem. */
export function hasNews(parts: readonly FetchedPart[]): boolean {
  return parts.some(({ read }) => !read.ok || read.value.entries.length > 0)
}

/** Goes on from where `parts` ended until there is something to tell, for at most `waitMs`. */
export async function fetchLonger(
  scope: Scope,
  fetch: MemberFetch,
  parts: readonly FetchedPart[],
  waitMs: number,
  gone: AbortSignal,
): Promise<readonly FetchedPart[]> {
  const deadlineAt = Date.now() + waitMs
  let latest = parts
  while (!hasNews(latest) && !gone.aborted) {
    const leftMs = deadlineAt - Date.now()
    const coming = leftMs > 0 ? await anyRecord(scope, fetch, latest, leftMs, gone) : "nothing"
    if (coming === "nothing") return latest
    const later = await fetchParts(scope, fetch, latest.map(goingOn))
    // a wait that failed is over; a part that is why says so now
    if (!later.ok || coming === "failed") return later.ok ? later.value : latest
    latest = later.value
  }
  return latest
}

function fetchPart(
  scope: Scope,
  owner: Owner,
  { topic, partition, offset }: FetchPlace,
  limits: ReadLimits,
): Promise<Result<ReadEntries, Failure>> {
  if (offset === null) return Promise.resolve(err({ code: "no_committed_offset" }))
  return callPartition(scope, topic, partition, "idempotent", async (stub, { version, settings }) => {
    const reply = await stub.fetchFor(version, owner, { offset, ...limits })
    if (!reply.ok) return reply
    const { maxRecords } = limits
    const bounds = { fromOffset: offset, maxRecords, untilOffset: Math.max(reply.value.nextOffset, offset) }
    const { timestamp } = settings
    return ok(readEntries(reply.value, bounds, { filter: null, damaged: "report", timestamp }))
  })
}

/** Waits until one of `parts` has a record that its owner may read. */
async function anyRecord(
  scope: Scope,
  { group, memberId }: MemberFetch,
  parts: readonly FetchedPart[],
  waitMs: number,
  gone: AbortSignal,
): Promise<Coming> {
  const known = await groupMetadata.resolve(scope, group)
  if (!known.ok) return "failed"
  const generation = known.value.entry.incarnation
  const waits = parts.map(({ place, read }) => (over: AbortSignal): Promise<Result<boolean, Failure>> => {
    if (!read.ok) return Promise.resolve(read)
    const { nextOffset } = read.value
    const owner = { group, generation, memberId, epoch: place.epoch }
    return callPartition(scope, place.topic, place.partition, "idempotent", (stub, { version }) =>
      waitForRecords(stub, version, nextOffset, waitMs, over, owner),
    )
  })
  return firstToCome(waits, gone)
}

function goingOn({ place, read }: FetchedPart): FetchPlace {
  return read.ok ? { ...place, offset: read.value.nextOffset } : place
}
