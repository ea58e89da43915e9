import type { Header, LogRecord } from "../../core/log/types.ts"
import { encodeBase64 } from "./base64.ts"

/** Keeps a byte order mark: it is part of what was sent. */
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })

/** Bytes as text; what is not UTF-8, which other doors may store, has replacement characters. */
export function utf8Text(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}

/** The member `body`, `bodyBase64` or `tombstone` of `record` as JSON, the way it went in. */
export function bodyMember({ format, value }: LogRecord): string {
  switch (format) {
    case "text":
      return `"body":${JSON.stringify(utf8Text(value))}`
    case "json":
      return `"body":${utf8Text(value)}`
    case "bytes":
      return `"bodyBase64":"${encodeBase64(value, "standard")}"`
    case "tombstone":
      return '"tombstone":true'
  }
}

/** Headers as a JSON object. Where a name stands twice, the last one counts. */
export function headersJson(headers: readonly Header[]): string {
  const members = new Map<string, string>()
  for (const { name, value } of headers) members.set(JSON.stringify(utf8Text(name)), JSON.stringify(utf8Text(value)))
  return `{${[...members].map(([name, value]) => `${name}:${value}`).join(",")}}`
}
