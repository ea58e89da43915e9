import { headersCapacityBytes } from "../../core/log/headers.ts"
import { SubmissionWriter } from "../../core/log/submission.ts"
import type { LogRecord } from "../../core/log/types.ts"

/** What a frame adds to the value, key and headers in it. */
const FRAME_OVERHEAD_BYTES = 24

/** `records` as one batch for an object, in a buffer that is made only once. */
export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  let capacityBytes = 0
  for (const { value, key, headers } of records) {
    capacityBytes += value.length + (key?.length ?? 0) + headersCapacityBytes(headers) + FRAME_OVERHEAD_BYTES
  }
  const writer = new SubmissionWriter(capacityBytes)
  for (const record of records) writer.add(record)
  return writer.finish()
}
