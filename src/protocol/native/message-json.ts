import { CorruptError } from "../../core/bytes/corrupt.ts"
import type { Failure } from "../../core/errors.ts"
import { decodeFrame } from "../../core/log/frame.ts"
import type { LogRecord } from "../../core/log/types.ts"
import { problemOf } from "./problems.ts"
import { bodyMember, headersJson, utf8Text } from "./record-json.ts"

/** Body, message group and headers of a message as JSON members, or the problem that there is with it. */
export function contentMembers(frame: Uint8Array, offset: number): string {
  const record = readFrame(frame)
  if (record === null) {
    const failure: Failure = { code: "corrupt_batch", firstOffset: offset, lastOffset: offset }
    return `"problem":${JSON.stringify(problemOf(failure).document)}`
  }
  const groupId = record.key === null ? "" : `,"groupId":${JSON.stringify(utf8Text(record.key))}`
  const headers = record.headers.length === 0 ? "" : `,"headers":${headersJson(record.headers)}`
  return `${bodyMember(record)}${groupId}${headers}`
}

/** The message in `frame`, null where it is damaged. */
export function readFrame(frame: Uint8Array): LogRecord | null {
  try {
    return decodeFrame(frame)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
