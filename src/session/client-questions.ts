import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { JsonObject } from "../protocol/native/fields.ts"
import { checkFields, parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const PRODUCER_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "name"])
const DESCRIBE_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "topic"])

/** `open-producer`: asks for an id and epoch to publish under. */
export function parseOpenProducer(value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  const fields = checkFields(value, PRODUCER_FIELDS)
  if (!fields.ok) return fields
  const name = value["name"] === undefined ? ok(null) : parseName(value, "name")
  return name.ok ? ok({ type: "open-producer", ref: ref.value, name: name.value }) : name
}

/** `describe`: asks for what a client must know of a topic. */
export function parseDescribe(value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  const fields = checkFields(value, DESCRIBE_FIELDS)
  if (!fields.ok) return fields
  const topic = parseName(value, "topic")
  return topic.ok ? ok({ type: "describe", ref: ref.value, topic: topic.value }) : topic
}
