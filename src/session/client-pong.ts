import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { JsonObject } from "../protocol/native/fields.ts"
import { checkFields, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const PONG_FIELDS: ReadonlySet<string> = new Set(["type", "id"])

/** `pong`: the client has read up to the broker's ping. */
export function parsePong(value: JsonObject): Result<ClientFrame, Failure> {
  const fields = checkFields(value, PONG_FIELDS)
  if (!fields.ok) return fields
  const id = parseNumber(value, "id")
  return id.ok ? ok({ type: "pong", id: id.value }) : id
}
