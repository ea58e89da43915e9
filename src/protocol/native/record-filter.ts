import { equalBytes } from "../../core/bytes/equal.ts"
import type { LogRecord } from "../../core/log/types.ts"

/** Which records a reader wants: all that is asked for must be true. */
export type RecordFilter = (record: LogRecord) => boolean

const utf8 = new TextEncoder()

/** A filter by key and by a header, given as `name:value`; null where neither is asked for. */
export function recordFilter(key: string | null, header: string | null): RecordFilter | null {
  if (key === null && header === null) return null
  const hasKey = key === null ? yes : keyFilter(utf8.encode(key))
  const hasHeader = header === null ? yes : headerFilter(header)
  return (record) => hasKey(record) && hasHeader(record)
}

function keyFilter(wanted: Uint8Array): RecordFilter {
  return ({ key }) => key !== null && equalBytes(key, wanted)
}

function headerFilter(header: string): RecordFilter {
  const colon = header.indexOf(":")
  const name = utf8.encode(header.slice(0, colon))
  const value = utf8.encode(header.slice(colon + 1))
  return ({ headers }) => headers.some((one) => equalBytes(one.name, name) && equalBytes(one.value, value))
}

function yes(): boolean {
  return true
}
