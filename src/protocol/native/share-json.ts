import type { Failure } from "../../core/errors.ts"
import type { Delivery } from "../../core/log/types.ts"
import { readFrame } from "./message-json.ts"
import { problemOf } from "./problems.ts"
import { recordMembers, type ReadView } from "./reads.ts"
import { formatShareReceipt } from "./receipt.ts"

/** Where records of a share group come from, as their receipts say it. */
export interface ShareSource {
  readonly incarnation: number
  readonly partition: number
  readonly stateId: number
  readonly stateGeneration: number
}

/** Records of one partition that were delivered, as JSON. */
export interface SharePartJson {
  readonly records: readonly string[]
  readonly ranges: readonly string[]
}

/** Deliveries that follow one another under the same attempt. */
export interface Range {
  readonly firstOffset: number
  readonly attempt: number
  lastOffset: number
}

/** The members `records` and `ranges` of what was delivered from one partition. */
export function shareContent(
  source: ShareSource,
  deliveries: readonly Delivery[],
  timestamp: ReadView["timestamp"],
): string {
  return sharePartsJson([sharePart(source, deliveries, timestamp)])
}

/** The members `records` and `ranges` of several partitions together. */
export function sharePartsJson(parts: readonly SharePartJson[]): string {
  const records = parts.flatMap((part) => part.records)
  const ranges = parts.flatMap((part) => part.ranges)
  return `"records":[${records.join(",")}],"ranges":[${ranges.join(",")}]`
}

/** The member `ranges` alone, for records that come otherwise. */
export function shareRanges(source: ShareSource, deliveries: readonly Delivery[]): string {
  return `"ranges":[${rangesOf(deliveries)
    .map((range) => rangeJson(source, range))
    .join(",")}]`
}

/** Each record with its own receipt, and receipts of those that go together. */
export function sharePart(
  source: ShareSource,
  deliveries: readonly Delivery[],
  timestamp: ReadView["timestamp"],
): SharePartJson {
  return {
    records: deliveries.map((delivery) => recordJson(source, delivery, timestamp)),
    ranges: rangesOf(deliveries).map((range) => rangeJson(source, range)),
  }
}

function recordJson(source: ShareSource, delivery: Delivery, timestamp: ReadView["timestamp"]): string {
  const { offset, attempt, deliveryCount, frame } = delivery
  const receipt = receiptOf(source, offset, attempt, 1)
  const head = `{"partition":${source.partition},"receipt":"${receipt}","deliveryCount":${deliveryCount}`
  const record = readFrame(frame)
  if (record !== null) return `${head},${recordMembers(delivery, record, timestamp)}}`
  const failure: Failure = { code: "corrupt_batch", firstOffset: offset, lastOffset: offset }
  const problem = JSON.stringify(problemOf(failure).document)
  return `${head},"offset":${offset},"timestamp":${delivery.appendedAt},"problem":${problem}}`
}

function rangeJson(source: ShareSource, { firstOffset, lastOffset, attempt }: Range): string {
  const receipt = receiptOf(source, firstOffset, attempt, lastOffset - firstOffset + 1)
  const offsets = `"firstOffset":${firstOffset},"lastOffset":${lastOffset}`
  return `{"partition":${source.partition},${offsets},"receipt":"${receipt}"}`
}

/** Deliveries of one partition as ranges, in the order of their offsets. */
export function rangesOf(deliveries: readonly Delivery[]): Range[] {
  const ranges: Range[] = []
  for (const { offset, attempt } of [...deliveries].sort((left, right) => left.offset - right.offset)) {
    const last = ranges.at(-1)
    if (last?.lastOffset === offset - 1 && last.attempt === attempt) last.lastOffset = offset
    else ranges.push({ firstOffset: offset, lastOffset: offset, attempt })
  }
  return ranges
}

function receiptOf(source: ShareSource, offset: number, attempt: number, count: number): string {
  const { incarnation, partition: shard, stateId, stateGeneration } = source
  return formatShareReceipt({ incarnation, shard, stateId, stateGeneration, offset, attempt, count })
}
