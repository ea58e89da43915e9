import { headersCapacityBytes } from "../../core/log/headers.ts"
import { SubmissionWriter } from "../../core/log/submission.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { TermsByPlace } from "./deduplication.ts"

/** What a frame adds to the value, key and headers in it. */
const FRAME_OVERHEAD_BYTES = 24

/** `records` as one batch for an object, in a buffer that is made only once; `terms` by place among them. */
export function encodeRecords(records: readonly LogRecord[], terms: TermsByPlace = null): Uint8Array {
  let capacityBytes = 0
  for (const { value, key, headers } of records) {
    capacityBytes += value.length + (key?.length ?? 0) + headersCapacityBytes(headers) + FRAME_OVERHEAD_BYTES
  }
  const writer = new SubmissionWriter(capacityBytes)
  addRecords(writer, records, terms)
  return writer.finish()
}

/** Adds `records` to a batch, with `terms` by place among them. */
export function addRecords(writer: SubmissionWriter, records: readonly LogRecord[], terms: TermsByPlace): void {
  if (terms === null) for (const record of records) writer.add(record)
  else for (const [place, record] of records.entries()) writer.add(record, terms.get(place))
}
