import type { GenericSchema } from "valibot"
import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { ShareOutcome } from "../../core/stream/share/commands.ts"
import type { SettleKind } from "../../protocol/native/settlement-list.ts"
import {
  type ParsedShareSettlement,
  parseShareSettlements,
  shareOutcomesJson,
} from "../../protocol/native/share-settlements.ts"
import { readJson } from "../body.ts"
import { each } from "../each.ts"
import { groupOfKind } from "../groups/group-of-kind.ts"
import { topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { callShare } from "./call-share.ts"
import { shareSettledSchema } from "./schemas.ts"

type Outcome = Result<ShareOutcome, Failure>

const NO_RECEIPT: Outcome = err({ code: "invalid_receipt" })

/** `POST /v1/topics/:topic/share/:group/<kind>`: the three that take receipts differ in their options alone. */
export function shareSettleOperation(kind: SettleKind, summary: string, schema: GenericSchema): Operation {
  return {
    id: `${kind}Share`,
    method: "POST",
    path: `/v1/topics/:topic/share/:group/${kind}`,
    tag: "groups",
    summary,
    demand: { topic: "consume", group: "consume" },
    query: null,
    body: { schema },
    responses: { 200: { description: "One result per receipt, in order.", schema: shareSettledSchema } },
    failures: ["invalid_json", "invalid_name", "not_found", "unsupported_media_type", "invalid_field", "conflict"],
    handle: (call) => settle(call, kind),
  }
}

async function settle(call: Call, kind: SettleKind): Promise<Result<Response, Failure>> {
  const body = await readJson(call.request)
  if (!body.ok) return body
  const parsed = parseShareSettlements(kind, body.value.value)
  if (!parsed.ok) return parsed
  const places = placesByPartition(parsed.value)
  const partitions = await partitionsOf(call, Math.max(-1, ...places.keys()))
  if (!partitions.ok) return partitions
  const group = await groupOfKind(call, call.params["group"]!, "share")
  if (!group.ok) return group
  const asked = [...places].filter(([partition]) => partition < partitions.value)
  const parts = await each(asked, ([partition, some]) =>
    settleIn(
      call,
      kind,
      partition,
      some.map((place) => parsed.value[place]!),
    ),
  )
  const outcomes = parsed.value.map((entry): Outcome => (entry.ok ? NO_RECEIPT : entry))
  for (const [nth, [, some]] of asked.entries()) {
    for (const [at, place] of some.entries()) outcomes[place] = outcomeOf(parts[nth]!, at)
  }
  const [first] = parts
  if (first?.ok === false && asked.length === places.size && parts.every((part) => !part.ok)) return first
  return jsonText(`{"results":${shareOutcomesJson(parsed.value, outcomes)}}`)
}

/** How many partitions the call's topic has, by the catalog where it seems not to have `last`. */
async function partitionsOf(call: Call, last: number): Promise<Result<number, Failure>> {
  const name = call.params["topic"]!
  const topic = await topicMetadata.resolve(call, name)
  if (!topic.ok) return topic
  const { entry, cached } = topic.value
  if (last < entry.settings.partitions || !cached) return ok(entry.settings.partitions)
  const fresh = await topicMetadata.reload(call, name)
  return fresh.ok ? ok(fresh.value.settings.partitions) : fresh
}

/** Places of the receipts of each partition. */
function placesByPartition(parsed: readonly ParsedShareSettlement[]): Map<number, number[]> {
  const places = new Map<number, number[]>()
  for (const [place, entry] of parsed.entries()) {
    if (!entry.ok) continue
    const { shard } = entry.value.receipt
    const known = places.get(shard)
    if (known === undefined) places.set(shard, [place])
    else known.push(place)
  }
  return places
}

/** Null where the group, or the partition, never was: nothing was ever delivered there. */
async function settleIn(
  call: Call,
  kind: SettleKind,
  partition: number,
  entries: readonly ParsedShareSettlement[],
): Promise<Result<readonly ShareOutcome[] | null, Failure>> {
  const settlements = entries.flatMap((entry) => (entry.ok ? [entry.value] : []))
  // A nack that is made again finds its receipt expired, and would answer so.
  const repeat = kind === "nack" ? "once" : "idempotent"
  const settled = await callShare(call, partition, repeat, (stub, { version }, terms) =>
    stub.shareSettle(version, terms, settlements),
  )
  return settled.ok || !isNowhere(settled.error) ? settled : ok(null)
}

function isNowhere(failure: Failure): boolean {
  return failure.code === "share_not_open" || (failure.code === "not_found" && failure.resource === "partition")
}

function outcomeOf(part: Result<readonly ShareOutcome[] | null, Failure>, at: number): Outcome {
  if (!part.ok) return part
  const outcome = part.value?.[at]
  return outcome === undefined ? NO_RECEIPT : ok(outcome)
}
