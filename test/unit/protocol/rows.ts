import { joinBytes } from "../../../src/core/bytes/join.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { encodeRowHeader, iterateRows } from "../../../src/core/log/row.ts"
import type { LogRecord } from "../../../src/core/log/types.ts"

const utf8 = new TextEncoder()

/** A text record. */
export function record(
  body: string,
  key: string | null,
  headers: readonly (readonly [string, string])[] = [],
): LogRecord {
  return {
    format: "text",
    value: utf8.encode(body),
    key: key === null ? null : utf8.encode(key),
    headers: headers.map(([name, value]) => ({ name: utf8.encode(name), value: utf8.encode(value) })),
    producedAt: null,
  }
}

/** One stored row of `records` from `baseOffset` on, appended at 1000. */
export function rowsOf(records: readonly LogRecord[], baseOffset: number): Uint8Array {
  const frames = records.map(encodeFrame)
  const entries = frames.map((frame, index) => ({
    offset: baseOffset + index,
    appendedAt: 1000,
    messageId: baseOffset + index,
    keyHash: 0,
    expiresAt: 0,
    length: frame.length,
    position: 0,
  }))
  return joinBytes([encodeRowHeader(entries), ...frames])
}

/** `rows` with the frames at `offsets` damaged. */
export function damage(rows: Uint8Array, offsets: readonly number[]): Uint8Array {
  const copy = rows.slice()
  for (const { header, frames } of iterateRows(copy)) {
    for (const { offset, position } of header.entries) if (offsets.includes(offset)) frames[position]! ^= 0xff
  }
  return copy
}
