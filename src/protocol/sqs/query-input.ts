import { ok } from "../../core/result.ts"
import { ACTIONS, type ActionName, type Input } from "./actions.ts"
import { missingParameter, type SqsResult } from "./errors.ts"
import { emptyMap } from "./json-input.ts"
import { type FormNode, malformed } from "./query-form.ts"
import type { ListShape, MapShape, Shape, StructureShape } from "./shapes.ts"

/** What the real service reads a number into. */
const MAX_INTEGER = 2 ** 31 - 1
const MIN_INTEGER = -(2 ** 31)
const INTEGER = /^[+-]?\d{1,10}$/
const PLACE = /^\d{1,9}$/

/** A form as what `name` is asked with. Parameters that `name` does not have are passed over. */
export function readQueryInput<Name extends ActionName>(name: Name, form: FormNode): SqsResult<Input<Name>> {
  return readStructure(ACTIONS[name].input, form, "") as SqsResult<Input<Name>>
}

/** What stands at and below `node`, whose name is `path`; undefined for nothing that `shape` could be read from. */
function readValue(shape: Shape, node: FormNode, path: string): SqsResult<unknown> {
  switch (shape.type) {
    case "string":
    case "blob":
      return ok(node.value ?? undefined)
    case "integer":
      return node.value === null ? ok(undefined) : readInteger(node.value, path)
    case "boolean":
      return node.value === null ? ok(undefined) : readBoolean(node.value, path)
    case "list":
      return readList(shape, node, path)
    case "map":
      return readMap(shape, node, path)
    case "structure":
      return readStructure(shape, node, `${path}.`)
  }
}

function readInteger(text: string, path: string): SqsResult<number> {
  const value = Number(text)
  const fits = INTEGER.test(text) && value >= MIN_INTEGER && value <= MAX_INTEGER
  return fits ? ok(value + 0) : malformed(`${path} is not an integer: ${text}`)
}

function readBoolean(text: string, path: string): SqsResult<boolean> {
  if (text !== "true" && text !== "false") return malformed(`${path} is not a boolean: ${text}`)
  return ok(text === "true")
}

function readList(shape: ListShape, node: FormNode, path: string): SqsResult<unknown> {
  const members = membersOf(node, path, [])
  if (!members.ok) return members
  const items: unknown[] = []
  for (const [name, member] of members.value) {
    const read = readValue(shape.item, member, name)
    if (!read.ok) return read
    if (read.value !== undefined) items.push(read.value)
  }
  return ok(items.length === 0 ? undefined : items)
}

function readMap(shape: MapShape, node: FormNode, path: string): SqsResult<unknown> {
  const members = membersOf(node, path, [shape.key, shape.value])
  if (!members.ok) return members
  if (members.value.length === 0) return ok(undefined)
  const pairs = emptyMap()
  for (const [name, member] of members.value) {
    const key = member.valueAt(shape.key)
    if (key === null) return missingParameter(`${name}.${shape.key}`)
    const value = member.at(shape.value)
    const read = value === undefined ? ok(undefined) : readValue(shape.of, value, `${name}.${shape.value}`)
    if (!read.ok) return read
    if (read.value === undefined) return missingParameter(`${name}.${shape.value}`)
    pairs[key] = read.value
  }
  return ok(pairs)
}

/**
 * What a list consists of, with its name, by its place: `X.1`, `X.2`, … or `X.member.1`, …; places may be left out.
 * Old clients send what is alone without a place: `X=value` or, of a pair with these `parts`, `X.Name=…&X.Value=…`.
 */
function membersOf(node: FormNode, path: string, parts: readonly string[]): SqsResult<(readonly [string, FormNode])[]> {
  if (parts.some((part) => node.at(part) !== undefined)) return ok([[path, node]])
  const inner = node.at("member")
  if (inner !== undefined) return membersOf(inner, `${path}.member`, parts)
  const places = [...node.children.keys()]
  const wrong = places.find((place) => !PLACE.test(place))
  if (wrong !== undefined) return malformed(`${path}.${wrong} has no place in a list.`)
  if (places.length === 0) return ok(node.value === null || node.value === "" ? [] : [[path, node]])
  places.sort((one, other) => Number(one) - Number(other))
  return ok(places.map((place) => [`${path}.${place}`, node.at(place)!] as const))
}

/** `path` ends with a dot, or is empty for what stands at the top. */
function readStructure({ required, optional }: StructureShape, node: FormNode, path: string): SqsResult<unknown> {
  const members: Record<string, unknown> = {}
  for (const shapes of [required, optional]) {
    for (const name in shapes) {
      const shape = shapes[name]!
      const parameter = parameterOf(shape, name)
      const given = node.at(parameter)
      const read = given === undefined ? ok(undefined) : readValue(shape, given, path + parameter)
      if (!read.ok) return read
      if (read.value !== undefined) members[name] = read.value
      else if (shapes === required) return missingParameter(path + name)
    }
  }
  return ok(members)
}

/** Lists and maps are called as their members are. */
function parameterOf(shape: Shape, name: string): string {
  return shape.type === "list" || shape.type === "map" ? shape.element : name
}
