import fc from "fast-check"
import { MAX_AHEAD_MS, MAX_DELIVER_AT, MAX_TIMESTAMP } from "../../../src/core/limits.ts"
import type { Format, Header } from "../../../src/core/log/types.ts"
import { encodeBase64 } from "../../../src/protocol/native/base64.ts"
import type { WireEntry, WireTerms } from "../../../src/protocol/native/wire-publish-encode.ts"

const encoder = new TextEncoder()
export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Text that survives UTF-8. */
export const anyText = fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text.isWellFormed())
const anyName = anyText.filter((text) => text.length > 0)

const anyHeaders: fc.Arbitrary<Header[]> = fc
  .uniqueArray(fc.tuple(anyName, anyText), { maxLength: 4, selector: ([name]) => name })
  .map((headers) => headers.map(([name, value]) => ({ name: utf8(name), value: utf8(value) })))

/** A value and its form; JSON as somebody may write it. */
const anyValue: fc.Arbitrary<{ format: Format; value: Uint8Array }> = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((value) => ({ format: "bytes" as const, value })),
  anyText.map((text) => ({ format: "text" as const, value: utf8(text) })),
  fc
    .jsonValue({ maxDepth: 2 })
    .filter((value) => typeof value !== "string")
    .map((value) => ({ format: "json" as const, value: utf8(JSON.stringify(value)) })),
  fc.constantFrom("1.0", "[1e400]", '{"a":1,"a":2}', "12345678901234567890", '["\\u0041\\ud800"]').map((json) => ({
    format: "json" as const,
    value: utf8(json),
  })),
)

/** Terms that a message may have. */
const anyTerms: fc.Arbitrary<WireTerms> = fc
  .record(
    {
      delayMs: fc.nat(MAX_AHEAD_MS),
      deliverAt: fc.nat(MAX_DELIVER_AT),
      ttlMs: fc.integer({ min: 1, max: MAX_AHEAD_MS }),
      dedupId: anyName,
    },
    { requiredKeys: [] },
  )
  .filter(({ delayMs, deliverAt }) => delayMs === undefined || deliverAt === undefined)

export const anyMessage: fc.Arbitrary<WireEntry> = fc
  .tuple(anyValue, fc.option(anyName), anyHeaders, anyTerms)
  .map(([content, key, headers, terms]) => ({
    ...content,
    key: key === null ? null : utf8(key),
    headers,
    producedAt: null,
    terms,
  }))

export const anyWireRecord: fc.Arbitrary<WireEntry> = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: anyValue },
      { weight: 1, arbitrary: fc.constant({ format: "tombstone" as const, value: new Uint8Array() }) },
    ),
    fc.option(anyText),
    anyHeaders,
    fc.option(fc.nat(MAX_TIMESTAMP)),
  )
  .map(([content, key, headers, producedAt]) => ({
    ...content,
    key: key === null ? (content.format === "tombstone" ? utf8("k") : null) : utf8(key),
    headers,
    producedAt,
  }))

/** The same message or record as an entry of a JSON frame. `keyName` is what its key is called there. */
export function asJson(entry: WireEntry, keyName: "groupId" | "key"): string {
  const { format, value, key, headers, producedAt, terms } = entry
  const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  const members = [
    ...(format === "text" ? [`"body":${JSON.stringify(text(value))}`] : []),
    ...(format === "json" ? [`"body":${text(value)}`] : []),
    ...(format === "bytes" ? [`"bodyBase64":"${encodeBase64(value, "standard")}"`] : []),
    ...(format === "tombstone" ? ['"tombstone":true'] : []),
    ...(key === null ? [] : [`"${keyName}":${JSON.stringify(text(key))}`]),
    ...(producedAt === null ? [] : [`"timestamp":${producedAt}`]),
    `"headers":{${headers.map(({ name, value: is }) => `${JSON.stringify(text(name))}:${JSON.stringify(text(is))}`).join()}}`,
    ...Object.entries(terms ?? {}).map(([name, is]) => `"${name}":${JSON.stringify(is)}`),
  ]
  return `{${members.join()}}`
}
