import type { Failure } from "../../core/errors.ts"
import { MAX_MESSAGE_BYTES } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import { isCompacted, type TopicSettings } from "../../core/stream/settings.ts"
import type { AppendRequest } from "./append-request.ts"
import { inBatch, invalidField } from "./fields.ts"
import { checkSize } from "./record-value.ts"
import type { RoutedRecord } from "./records.ts"
import { type PartitionBatch, routeRecords } from "./route-records.ts"

const FITS = ok(null)

/**
 * The batches that `request` makes in a topic with these settings, or why it does not take them. Records that have
 * neither key nor partition go where `luck`, from 0 to 1, says, or always to one and the same for a producer, which may
 * repeat them.
 */
export function routeRequest(
  request: AppendRequest,
  settings: TopicSettings,
  luck: number,
): Result<PartitionBatch[], Failure> {
  const checked = checkRecords(request, settings)
  if (!checked.ok) return checked
  const { partitions } = settings
  const producerId = request.terms?.producer?.producerId ?? null
  const sticky = producerId === null ? Math.floor(luck * partitions) : producerId % partitions
  const batches = routeRecords(request.records, partitions, sticky)
  const fits = checkTerms(request, batches, settings)
  return fits.ok ? ok(batches) : fits
}

/** Refuses records that a topic with these settings does not take: their partition, their size, or the lack of a key. */
function checkRecords(
  { single, records, place = "/records" }: AppendRequest,
  settings: TopicSettings,
): Result<null, Failure> {
  for (let index = 0; index < records.length; index++) {
    const checked = checkRecord(records[index]!, settings)
    if (!checked.ok) return single ? checked : inBatch(checked.error, `${place}/${index}`)
  }
  return FITS
}

/** Whether what was checked against one, and routed by it, holds for the other. */
export function sameAppendRules(one: TopicSettings, other: TopicSettings): boolean {
  return (
    one.partitions === other.partitions &&
    one.maxRecordBytes === other.maxRecordBytes &&
    isCompacted(one) === isCompacted(other)
  )
}

/** Refuses terms whose records do not all go to one partition that the request decides: they are of one log. */
function checkTerms(
  { terms, records }: AppendRequest,
  batches: readonly PartitionBatch[],
  { partitions }: TopicSettings,
): Result<null, Failure> {
  if (terms === null) return FITS
  if (batches.length > 1) {
    const pointer = terms.producer === null ? "/expectedOffset" : "/producer"
    return invalidField(pointer, "all records of the request must go to one partition")
  }
  if (terms.expectedOffset === null || partitions === 1) return FITS
  const adrift = records.some(({ record, partition }) => record.key === null && partition === null)
  return adrift ? invalidField("/expectedOffset", "the records must have a key, or name their partition") : FITS
}

function checkRecord({ record, partition }: RoutedRecord, settings: TopicSettings): Result<null, Failure> {
  const { partitions, maxRecordBytes } = settings
  if (partition !== null && partition >= partitions) {
    return invalidField("/partition", `the topic has partitions 0 to ${partitions - 1}`)
  }
  if (record.key === null && isCompacted(settings)) {
    return invalidField("/key", "a topic that keeps the last record of each key needs one")
  }
  // what nobody takes was refused when it was read
  return maxRecordBytes < MAX_MESSAGE_BYTES ? checkSize(record, maxRecordBytes) : FITS
}
