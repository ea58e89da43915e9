import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { AppendReply } from "../../core/stream/commands.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import type { AppendRequest } from "../../protocol/native/append-request.ts"
import { routeRequest, sameAppendRules } from "../../protocol/native/append-rules.ts"
import type { PartitionBatch } from "../../protocol/native/route-records.ts"
import { encodeRecords } from "../../protocol/native/submissions.ts"
import type { Scope } from "../env.ts"
import { callPartition, topicMetadata } from "../objects.ts"

/** Where the records of a request go by the settings that were known. */
export interface Routing {
  readonly settings: TopicSettings
  readonly batches: readonly PartitionBatch[]
  /** From 0 to 1: decides for records that nothing else decides for. */
  readonly luck: number
}

/** What became of the records that went to one partition. */
export interface AppendedBatch {
  readonly batch: PartitionBatch
  readonly reply: Result<AppendReply, Failure>
}

/** Appends all batches; those that a change of the settings held up are routed anew by the new ones, once. */
export async function appendBatches(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  routing: Routing,
): Promise<AppendedBatch[]> {
  const appended = await appendAll(scope, topic, request, routing)
  const stale = appended.filter(({ reply }) => !reply.ok && reply.error.code === "stale_metadata")
  if (stale.length === 0) return appended
  const rerouted = await reroute(scope, topic, request, stale, routing.luck)
  const done = appended.filter((batch) => !stale.includes(batch))
  if (rerouted.ok) return [...done, ...(await appendAll(scope, topic, request, rerouted.value))]
  return [...done, ...stale.map(({ batch }) => ({ batch, reply: rerouted }))]
}

/** What is left of `request`: the records of `stale`, whose places in the request stay. */
async function reroute(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  stale: readonly AppendedBatch[],
  luck: number,
): Promise<Result<Routing, Failure>> {
  const resolved = await topicMetadata.resolve(scope, topic)
  if (!resolved.ok) return resolved
  const { settings } = resolved.value.entry
  const batches = routeRequest(request, settings, luck)
  if (!batches.ok) return batches
  const left = new Set(stale.flatMap(({ batch }) => batch.places))
  return ok({ settings, luck, batches: batches.value.map((batch) => only(batch, left)).filter(hasRecords) })
}

function only({ partition, records, places }: PartitionBatch, left: ReadonlySet<number>): PartitionBatch {
  return {
    partition,
    records: records.filter((_, nth) => left.has(places[nth]!)),
    places: places.filter((place) => left.has(place)),
  }
}

function hasRecords({ records }: PartitionBatch): boolean {
  return records.length > 0
}

function appendAll(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  { settings, batches }: Routing,
): Promise<AppendedBatch[]> {
  return Promise.all(
    batches.map(async (batch) => ({ batch, reply: await append(scope, topic, request, settings, batch) })),
  )
}

function append(
  scope: Scope,
  topic: string,
  { terms }: AppendRequest,
  settings: TopicSettings,
  batch: PartitionBatch,
): Promise<Result<AppendReply, Failure>> {
  const repeat = terms?.producer ? "idempotent" : "once"
  return callPartition<AppendReply>(scope, topic, batch.partition, repeat, async (stub, entry) => {
    // What was checked and routed by other settings may not fit these.
    if (!sameAppendRules(settings, entry.settings)) return err({ code: "stale_metadata", version: entry.version })
    return stub.append(entry.version, encodeRecords(batch.records), terms)
  })
}
