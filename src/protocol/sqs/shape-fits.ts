import { isJsonObject } from "../native/fields.ts"
import { MAX_LIST_MEMBERS } from "./limits.ts"
import type { Shape, StructureShape } from "./shapes.ts"

interface KnownMember {
  readonly shape: Shape
  readonly isRequired: boolean
}

/** The members of a structure by name, in what is quicker to look into than an object of unknown form. */
interface KnownMembers {
  readonly members: ReadonlyMap<string, KnownMember>
  readonly requiredCount: number
}

const known = new WeakMap<StructureShape, KnownMembers>()

/**
 * Whether `value` is what `shape` asks for to the letter, so that it can be taken as it stands; of what is not, more
 * has to be found out. Maps are not looked into, for their names are of the client's choice.
 */
export function shapeFits(shape: Shape, value: unknown): boolean {
  switch (shape.type) {
    case "string":
    case "blob":
      return typeof value === "string"
    case "boolean":
      return typeof value === "boolean"
    case "integer":
      return Number.isInteger(value) && !Object.is(value, -0)
    case "map":
      return false
    case "list":
      return (
        Array.isArray(value) && value.length <= MAX_LIST_MEMBERS && value.every((one) => shapeFits(shape.item, one))
      )
    case "structure":
      return isJsonObject(value) && membersFit(shape, value)
  }
}

function membersFit(shape: StructureShape, value: Readonly<Record<string, unknown>>): boolean {
  const { members, requiredCount } = membersOf(shape)
  let required = 0
  // parsed JSON inherits no members
  for (const name in value) {
    const member = members.get(name)
    if (member === undefined || !shapeFits(member.shape, value[name])) return false
    if (member.isRequired) required++
  }
  return required === requiredCount
}

function membersOf(shape: StructureShape): KnownMembers {
  const cached = known.get(shape)
  if (cached !== undefined) return cached
  const members = new Map<string, KnownMember>()
  for (const [name, one] of Object.entries(shape.optional)) members.set(name, { shape: one, isRequired: false })
  const required = Object.entries(shape.required)
  for (const [name, one] of required) members.set(name, { shape: one, isRequired: true })
  const made = { members, requiredCount: required.length }
  known.set(shape, made)
  return made
}
