import { type GenericSchema, type InferOutput, safeParse } from "valibot"
import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { invalidField, isJsonObject, pointerToken } from "../protocol/native/fields.ts"

/** `value` as `schema`, one of an object, has it, or the first field that is not, by its JSON pointer. */
export function validate<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
): Result<InferOutput<Schema>, Failure> {
  // To valibot an array is an object too: without this an empty one would pass for `{}`.
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  const parsed = safeParse(schema, value, { abortEarly: true })
  if (parsed.success) return ok(parsed.output)
  const [issue] = parsed.issues
  const pointer = (issue.path ?? []).map(({ key }) => `/${pointerToken(String(key))}`).join("")
  return invalidField(pointer, issue.expected === "never" ? "unknown field" : issue.message)
}

/** The query of `request` as `schema`, an object of strings, has it. */
export function validateQuery<Schema extends GenericSchema>(
  schema: Schema,
  request: Request,
): Result<InferOutput<Schema>, Failure> {
  const values = new Map<string, string>()
  for (const [name, value] of queryOf(request.url)) {
    if (values.has(name)) return invalidField(`/${pointerToken(name)}`, "must stand in the query once")
    values.set(name, value)
  }
  return validate(schema, Object.fromEntries(values))
}

/** The query of `url`, which is not parsed as a whole: its host is what the client wrote, and may be none. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf("?")
  return new URLSearchParams(start === -1 ? "" : url.slice(start + 1))
}
