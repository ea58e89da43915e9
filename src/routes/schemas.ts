import * as v from "valibot"
import {
  DEFAULT_LIST_PAGE,
  MAX_BATCH_ENTRIES,
  MAX_HEADER_NAME_BYTES,
  MAX_HEADER_VALUE_BYTES,
  MAX_HEADERS,
  MAX_KEY_BYTES,
  MAX_LIST_PAGE,
  NAME_PATTERN,
} from "../core/limits.ts"
import { decodeBase64 } from "../protocol/native/base64.ts"

/** An integer in JSON. */
export function integer(min: number, max: number) {
  const range = `must be an integer from ${min} to ${max}`
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range))
}

/** An integer in a query. */
export function queryInteger(min: number, max: number) {
  const pattern = v.regex(/^\d{1,16}$/, `must be an integer from ${min} to ${max}`)
  return v.pipe(v.string(), pattern, v.transform(Number), integer(min, max))
}

/** The name of a queue or topic. */
export const nameSchema = v.pipe(v.string("must be a name"), v.regex(NAME_PATTERN, "must be a name"))

const PATTERN = "must be a name in which * stands for any characters"

/** Names by a pattern. */
export const patternSchema = v.pipe(v.string(PATTERN), v.regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]{0,127}$/, PATTERN))

/** A batch of `entry`. */
export function batch<Entry extends v.GenericSchema>(entry: Entry) {
  return v.pipe(v.array(entry), v.minLength(1), v.maxLength(MAX_BATCH_ENTRIES))
}

/** Which names to list. */
export const listQuerySchema = v.strictObject({
  prefix: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{0,128}$/, "must be the beginning of a name")), ""),
  limit: v.optional(queryInteger(1, MAX_LIST_PAGE), String(DEFAULT_LIST_PAGE)),
  cursor: v.optional(nameSchema),
})

/** Headers of a message or record. */
export const headersSchema = v.pipe(
  v.record(
    v.pipe(v.string(), v.minBytes(1), v.maxBytes(MAX_HEADER_NAME_BYTES)),
    v.pipe(v.string(), v.maxBytes(MAX_HEADER_VALUE_BYTES)),
  ),
  v.maxEntries(MAX_HEADERS),
)

/** A message group, or a tenant. */
export const groupIdSchema = v.pipe(
  v.string("must be a string"),
  v.minBytes(1, "must not be empty"),
  v.maxBytes(MAX_KEY_BYTES, `must have at most ${MAX_KEY_BYTES} bytes`),
)

/** Any JSON value: a string is text, everything else is kept as it was written. */
export const bodySchema = v.pipe(v.unknown(), v.description("A string is text; any other value is kept as JSON."))

/** Bytes. */
export const base64Schema = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text, "standard") !== null, "must be base64"),
  v.description("Bytes in standard base64."),
)

/** A problem document. Further members hold the data that its code goes with. */
export const problemSchema = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.string(),
})

/** One entry's outcome where it has nothing to tell but success. */
export const outcomeSchema = v.union([v.object({ ok: v.literal(true) }), v.object({ problem: problemSchema })])

/** Instants are milliseconds since the epoch. */
export const instantSchema = v.pipe(v.number(), v.integer(), v.description("Milliseconds since the epoch."))

/** A count or an offset. */
export const countSchema = v.pipe(v.number(), v.integer())
