import type { Failure } from "../core/errors.ts"
import { NAME_PATTERN } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { invalidField, type JsonObject, parseInteger, pointerToken, unknownField } from "../protocol/native/fields.ts"

/** Refuses members that a frame of this type does not have. */
export function checkFields(value: JsonObject, known: ReadonlySet<string>): Result<null, Failure> {
  const unknown = unknownField(value, known)
  return unknown === null ? ok(null) : invalidField(`/${pointerToken(unknown)}`, "unknown field")
}

/** A number that the client chose to tell answers or subscriptions apart, or an offset or total. */
export function parseNumber(value: JsonObject, field: string): Result<number, Failure> {
  return parseInteger(value[field], `/${field}`, 0, Number.MAX_SAFE_INTEGER)
}

/** Like `parseInteger` for a field that may be left out. */
export function parseOptional(value: JsonObject, field: string, max: number): Result<number | null, Failure> {
  return value[field] === undefined ? ok(null) : parseInteger(value[field], `/${field}`, 0, max)
}

/** A flag that is false where it is left out. */
export function parseFlag(value: JsonObject, field: string): Result<boolean, Failure> {
  const flag = value[field] === undefined ? false : value[field]
  return typeof flag === "boolean" ? ok(flag) : invalidField(`/${field}`, "must be true or false")
}

/** The name of a queue or topic. */
export function parseName(value: JsonObject, field: string): Result<string, Failure> {
  const name = value[field]
  if (typeof name !== "string") return invalidField(`/${field}`, "must be a name")
  return NAME_PATTERN.test(name) ? ok(name) : err({ code: "invalid_name", name: name.slice(0, MAX_ECHOED_CHARACTERS) })
}

/** Of a name that is none: enough to recognise it. */
const MAX_ECHOED_CHARACTERS = 128
