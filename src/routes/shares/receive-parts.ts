import type { Failure } from "../../core/errors.ts"
import { MAX_READ_PARTITIONS, MAX_SHARE_LOOK_CALLS, MAX_SHARE_TURNS, MIN_SHARE_TURN_MS } from "../../core/limits.ts"
import { decodeDeliveries } from "../../core/log/delivered.ts"
import type { Delivery } from "../../core/log/types.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { ShareReceiveRequest, ShareSettlement } from "../../core/stream/share/commands.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import { rangesOf, type ShareSource } from "../../protocol/native/share-json.ts"
import { dialer } from "../../session/dial.ts"
import { type ShareWait, waitForShares } from "../../session/wait-for-shares.ts"
import type { ShareReceived } from "../../session/waiting-share.ts"
import { each } from "../each.ts"
import type { Call } from "../operation.ts"
import { callOpenShare, callShare } from "./call-share.ts"

/** What was received from one partition. */
export interface ReceivedPart {
  readonly source: ShareSource
  readonly deliveries: readonly Delivery[]
  /** Whose time records show. */
  readonly timestamp: TopicSettings["timestamp"]
}

/** Where there is somebody to wait for. */
interface Place {
  readonly partition: number
  readonly wait: ShareWait
  readonly timestamp: TopicSettings["timestamp"]
}

/**
 * Asks one partition after the other until one has something. One that can't be reached is passed over as long as
 * another can be.
 */
export async function receiveNow(
  call: Call,
  partitions: readonly number[],
  request: ShareReceiveRequest,
): Promise<Result<ReceivedPart | null, Failure>> {
  let reached = false
  let failure: Failure | null = null
  for (const partition of partitions) {
    const received = await receiveFrom(call, partition, request)
    if (!received.ok && !isPassing(received.error)) return received
    if (!received.ok) failure = received.error
    else if (received.value.deliveries.length > 0) return received
    else reached = true
  }
  return reached || failure === null ? ok(null) : err(failure)
}

/**
 * Waits until one of `partitions` has something, for at most `waitMs`: at up to MAX_READ_PARTITIONS of them at a time,
 * in turns. A wait that fails has received nothing: the next request will be told why.
 */
export async function receiveLonger(
  call: Call,
  partitions: readonly number[],
  request: ShareReceiveRequest,
  waitMs: number,
  gone: AbortSignal,
): Promise<readonly ReceivedPart[]> {
  if (partitions.length > MAX_READ_PARTITIONS) return receiveInTurns(call, partitions, request, waitMs, gone)
  return within(call, await receiveFirst(call, partitions, request, waitMs, gone), request.maxMessages)
}

/**
 * Goes round until the time is up. Between turns it looks at all partitions, as a record may come where nobody waits;
 * where these are many, seldom, but always before it gives up.
 */
async function receiveInTurns(
  call: Call,
  partitions: readonly number[],
  request: ShareReceiveRequest,
  waitMs: number,
  gone: AbortSignal,
): Promise<readonly ReceivedPart[]> {
  const turnMs = Math.max(MIN_SHARE_TURN_MS, waitMs / MAX_SHARE_TURNS)
  const looksBetween = Math.floor(MAX_SHARE_LOOK_CALLS / partitions.length) - 2
  const looksEvery = MAX_SHARE_TURNS / Math.max(0, looksBetween)
  let looks = 1
  const giveUpAt = Date.now() + waitMs
  for (let turn = 1; !gone.aborted; turn++) {
    const turnEndsAt = Math.min(Date.now() + turnMs, giveUpAt)
    const some = atTurn(partitions, turn)
    const received = await receiveFirst(call, some, request, turnEndsAt - Date.now(), gone)
    if (received.length > 0) return within(call, received, request.maxMessages)
    // where none of them could be waited at
    await pauseUntil(turnEndsAt)
    if (gone.aborted) return []
    const isOver = Date.now() >= giveUpAt
    const mayLook = isOver || turn >= looks * looksEvery
    if (mayLook) looks += 1
    const found = mayLook ? await receiveNow(call, partitions, request) : ok(null)
    if (found.ok && found.value !== null) return [found.value]
    if (isOver) return []
  }
  return []
}

function atTurn(partitions: readonly number[], turn: number): number[] {
  const first = turn * MAX_READ_PARTITIONS
  return Array.from({ length: MAX_READ_PARTITIONS }, (_, nth) => partitions[(first + nth) % partitions.length]!)
}

async function pauseUntil(endsAt: number): Promise<void> {
  const leftMs = endsAt - Date.now()
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
}

/** Hands back what nobody got, without counting it as delivered. What this fails to do, the end of the lock does. */
export async function handBack(call: Call, parts: readonly ReceivedPart[]): Promise<void> {
  await each(parts, async ({ source, deliveries }) => {
    const { partition: shard, ...state } = source
    const settlements = rangesOf(deliveries).map(({ firstOffset, lastOffset, attempt }): ShareSettlement => {
      const receipt = { ...state, shard, offset: firstOffset, attempt, count: lastOffset - firstOffset + 1 }
      return { kind: "undelivered", receipt }
    })
    if (settlements.length === 0) return
    await callShare(call, shard, "once", (stub, { version }, terms) => stub.shareSettle(version, terms, settlements))
  })
}

function receiveFrom(
  call: Call,
  partition: number,
  request: ShareReceiveRequest,
): Promise<Result<ReceivedPart, Failure>> {
  return callOpenShare(call, partition, "once", async (stub, topic, terms) => {
    const reply = await stub.shareReceive(topic.version, terms, request)
    if (!reply.ok) return reply
    const { deliveries, ...state } = reply.value
    return ok(partOf(partition, topic.settings.timestamp, { ...state, deliveries: decodeDeliveries(deliveries) }))
  })
}

async function receiveFirst(
  call: Call,
  partitions: readonly number[],
  request: ShareReceiveRequest,
  waitMs: number,
  gone: AbortSignal,
): Promise<ReceivedPart[]> {
  const found = await each(partitions, (partition) => placeOf(call, partition))
  const places = found.flatMap((place) => (place.ok ? [place.value] : []))
  const received = await waitForShares(
    places.map(({ wait }) => wait),
    request,
    waitMs,
    gone,
  )
  return places.flatMap(({ partition, timestamp }, nth) => {
    const one = received[nth]!
    return one.ok && one.value.deliveries.length > 0 ? [partOf(partition, timestamp, one.value)] : []
  })
}

function placeOf(call: Call, partition: number): Promise<Result<Place, Failure>> {
  return callShare(call, partition, "idempotent", async (stub, { version, settings }, terms) => {
    const wait = { dial: dialer(() => stub), version, terms }
    return ok({ partition, wait, timestamp: settings.timestamp })
  })
}

/** As many deliveries as were asked for; what came beside them goes back. */
async function within(call: Call, parts: readonly ReceivedPart[], maxMessages: number): Promise<ReceivedPart[]> {
  let left = maxMessages
  const kept: ReceivedPart[] = []
  const surplus: ReceivedPart[] = []
  for (const part of parts) {
    const { deliveries } = part
    if (left > 0) kept.push({ ...part, deliveries: deliveries.slice(0, left) })
    if (deliveries.length > left) surplus.push({ ...part, deliveries: deliveries.slice(left) })
    left = Math.max(0, left - deliveries.length)
  }
  if (surplus.length > 0) await handBack(call, surplus)
  return kept
}

function partOf(
  partition: number,
  timestamp: TopicSettings["timestamp"],
  { incarnation, stateId, stateGeneration, deliveries }: ShareReceived,
): ReceivedPart {
  return { source: { incarnation, partition, stateId, stateGeneration }, deliveries, timestamp }
}

/** Of failures that may be of one partition only, and for a moment. */
function isPassing({ code }: Failure): boolean {
  return code === "unavailable" || code === "overloaded" || code === "share_not_open"
}
