import { ok } from "../../core/result.ts"
import { ACTIONS, type ActionName, type Input } from "./actions.ts"
import { missingParameter, refuse, type SqsResult } from "./errors.ts"
import { MAX_LIST_MEMBERS } from "./limits.ts"
import { shapeFits } from "./shape-fits.ts"
import type { ListShape, MapShape, Shape, StructureShape } from "./shapes.ts"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** How the real service names what it found where something else belongs. */
const LIST_FOUND = "Start of list found where not expected"
const OBJECT_FOUND = "Start of structure or map found where not expected."

/** The body of a JSON request as what `name` is asked with. Members that `name` does not have are passed over. */
export function readJsonInput<Name extends ActionName>(name: Name, body: Uint8Array): SqsResult<Input<Name>> {
  const value = parse(body)
  if (value === undefined) return notSerialized("The request body is not a JSON document in UTF-8.")
  const shape: Shape = ACTIONS[name].input
  // of most requests there is nothing to say and nothing to change
  const input: SqsResult<unknown> = shapeFits(shape, value) ? ok(value) : readValue(shape, value ?? {}, "")
  return input as SqsResult<Input<Name>>
}

/** What an empty body says is nothing: undefined is what no JSON document says. */
function parse(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(decoder.decode(body))
  } catch {
    return undefined
  }
}

/** `path` is where the value stands in the words of the query protocol, in which missing parameters are named. */
function readValue(shape: Shape, value: unknown, path: string): SqsResult<unknown> {
  switch (shape.type) {
    case "string":
      return typeof value === "string" ? ok(value) : unconvertible(value, "a String")
    case "blob":
      return typeof value === "string" ? ok(value) : unconvertible(value, "a Blob")
    case "boolean":
      return typeof value === "boolean" ? ok(value) : unconvertible(value, "a Boolean")
    case "integer":
      return readInteger(value)
    case "list":
      return readList(shape, value, path)
    case "map":
      return readMap(shape, value, path)
    case "structure":
      return readStructure(shape, value, path)
  }
}

/** A fraction is cut off, as the real service does. */
function readInteger(value: unknown): SqsResult<number> {
  if (typeof value !== "number" || !Number.isFinite(value)) return unconvertible(value, "an Integer")
  return ok(Math.trunc(value) + 0)
}

function readList({ element, item }: ListShape, value: unknown, path: string): SqsResult<unknown> {
  if (!Array.isArray(value)) return notSerialized(isObject(value) ? OBJECT_FOUND : "Expected list or null")
  if (value.length > MAX_LIST_MEMBERS) return tooMany()
  const items: unknown[] = []
  for (const given of value as unknown[]) {
    const read = readValue(item, given, `${path}${element}.${items.length + 1}.`)
    if (!read.ok) return read
    items.push(read.value)
  }
  return ok(items)
}

function readMap({ element, value: part, of }: MapShape, value: unknown, path: string): SqsResult<unknown> {
  if (Array.isArray(value)) return notSerialized(LIST_FOUND)
  if (!isObject(value)) return notSerialized("Expected map or null")
  const keys = Object.keys(value)
  if (keys.length > MAX_LIST_MEMBERS) return tooMany()
  const pairs = emptyMap()
  let place = 0
  for (const key of keys) {
    place++
    const read = readValue(of, value[key], `${path}${element}.${place}.${part}.`)
    if (!read.ok) return read
    pairs[key] = read.value
  }
  return ok(pairs)
}

function readStructure({ required, optional }: StructureShape, value: unknown, path: string): SqsResult<unknown> {
  if (Array.isArray(value)) return notSerialized(LIST_FOUND)
  if (!isObject(value)) return notSerialized("Expected null")
  const members: Record<string, unknown> = {}
  for (const name in required) {
    const given = value[name] ?? null
    if (given === null) return missingParameter(path + name)
    const read = readValue(required[name]!, given, path)
    if (!read.ok) return read
    members[name] = read.value
  }
  for (const name in optional) {
    const given = value[name] ?? null
    if (given === null) continue
    const read = readValue(optional[name]!, given, path)
    if (!read.ok) return read
    members[name] = read.value
  }
  return ok(members)
}

/** A map for names that clients choose: `__proto__` is one like any other. */
export function emptyMap(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
}

function unconvertible(value: unknown, wanted: string) {
  if (Array.isArray(value)) return notSerialized(LIST_FOUND)
  if (isObject(value)) return notSerialized(OBJECT_FOUND)
  return notSerialized(`${kindOf(value)} can not be converted to ${wanted}`)
}

function kindOf(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "NUMBER_VALUE" : "DECIMAL_VALUE"
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE"
  return value === null ? "NULL_VALUE" : "STRING_VALUE"
}

function tooMany() {
  return notSerialized(`A list or map has at most ${MAX_LIST_MEMBERS} members.`)
}

function notSerialized(message: string) {
  return refuse("SerializationException", message)
}
