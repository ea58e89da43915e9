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
import { SealedWait } from "../sealed-wait.ts"

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

/**
 * Appends all batches. Those that a change of the settings held up are routed anew by the new ones, once; where
 * partitions are just being added, again and again until they are, for a moment. While that lasts one batch asks for
 * all. Once it is over partitions say `stale_metadata`, upon which `callPartition` has the settings loaded again.
 */
export async function appendBatches(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  routing: Routing,
): Promise<AppendedBatch[]> {
  let batches = await appendAll(scope, topic, request, routing)
  const wait = new SealedWait()
  let isGrowing = false
  let isOpen = false
  let wasStale = false
  for (let round = 0; ; round++) {
    const held = batches.filter((batch) => isSealed(batch) || hasFailed(batch, "stale_metadata"))
    const sealed = held.filter(isSealed)
    isGrowing ||= sealed.length > 0
    const mustAsk: boolean = sealed.length > 0 && !isOpen
    const tried = mustAsk ? sealed.slice(0, 1) : held
    if (held.length === 0 || (round > 0 && !isGrowing) || !wait.mayCall(tried.length)) return batches
    if (mustAsk || wasStale) await wait.pause()
    const appended = await appendAnew(scope, topic, request, tried, routing.luck)
    isOpen = mustAsk && !appended.some(isSealed)
    wasStale = sealed.length === 0
    batches = [...batches.filter((batch) => !tried.includes(batch)), ...appended]
  }
}

function isSealed(batch: AppendedBatch): boolean {
  return hasFailed(batch, "partition_sealed")
}

function hasFailed({ reply }: AppendedBatch, code: Failure["code"]): boolean {
  return !reply.ok && reply.error.code === code
}

/** Appends the records of `refused`, which were stored nowhere, as the settings are now. */
async function appendAnew(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  refused: readonly AppendedBatch[],
  luck: number,
): Promise<AppendedBatch[]> {
  const rerouted = await reroute(scope, topic, request, refused, luck)
  if (rerouted.ok) return appendAll(scope, topic, request, rerouted.value)
  return refused.map(({ batch }) => ({ batch, reply: rerouted }))
}

/** What is left of `request`: the records of `refused`, whose places in the request stay. */
async function reroute(
  scope: Scope,
  topic: string,
  request: AppendRequest,
  refused: readonly AppendedBatch[],
  luck: number,
): Promise<Result<Routing, Failure>> {
  const resolved = await topicMetadata.resolve(scope, topic)
  if (!resolved.ok) return resolved
  const { settings } = resolved.value.entry
  const batches = routeRequest(request, settings, luck)
  if (!batches.ok) return batches
  const left = new Set(refused.flatMap(({ batch }) => batch.places))
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
