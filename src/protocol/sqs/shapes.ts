/** Text. */
export interface StringShape {
  readonly type: "string"
}

/** A number without fraction; in a form and in XML its digits. */
export interface IntegerShape {
  readonly type: "integer"
}

export interface BooleanShape {
  readonly type: "boolean"
}

/** Bytes, which are base64 on either wire and here. */
export interface BlobShape {
  readonly type: "blob"
}

/** A list; in a form its members are `<element>.1`, `<element>.2`, …, in XML elements of that name side by side. */
export interface ListShape<Item extends Shape = Shape> {
  readonly type: "list"
  readonly element: string
  readonly item: Item
}

/** Values by name; in a form and in XML a list of pairs, whose parts are called `key` and `value`. */
export interface MapShape<Value extends Shape = Shape> {
  readonly type: "map"
  readonly element: string
  readonly key: string
  readonly value: string
  readonly of: Value
}

/** Members by name. Without one that is required a request is refused. */
export interface StructureShape<Required extends Members = Members, Optional extends Members = Members> {
  readonly type: "structure"
  readonly required: Required
  readonly optional: Optional
}

/** What a request or an answer consists of: the same in JSON, in a form and in XML. */
export type Shape = StringShape | IntegerShape | BooleanShape | BlobShape | ListShape | MapShape | StructureShape

/** The members of a structure, as JSON names them. */
export interface Members {
  readonly [name: string]: Shape
}

/** The value of a shape. */
export type ValueOf<S> = S extends StringShape | BlobShape
  ? string
  : S extends IntegerShape
    ? number
    : S extends BooleanShape
      ? boolean
      : S extends ListShape<infer Item>
        ? readonly ValueOf<Item>[]
        : S extends MapShape<infer Value>
          ? Readonly<Record<string, ValueOf<Value>>>
          : S extends StructureShape<infer Required, infer Optional>
            ? { readonly [Name in keyof Required]: ValueOf<Required[Name]> } & {
                readonly [Name in keyof Optional]?: ValueOf<Optional[Name]>
              }
            : never

export const STRING: StringShape = { type: "string" }
export const INTEGER: IntegerShape = { type: "integer" }
export const BOOLEAN: BooleanShape = { type: "boolean" }
export const BLOB: BlobShape = { type: "blob" }

/** A list whose members are called `element` in forms and XML. */
export function list<Item extends Shape>(element: string, item: Item): ListShape<Item> {
  return { type: "list", element, item }
}

/** A map whose pairs are called `element` in forms and XML, and have a `key` and a `value`. */
export function map<Value extends Shape>(element: string, key: string, value: string, of: Value): MapShape<Value> {
  return { type: "map", element, key, value, of }
}

const NO_MEMBERS = {}

/** A structure. Two signatures: with one, a structure within another would be inferred to have optional members of any name. */
export function structure<Required extends Members>(required: Required): StructureShape<Required, typeof NO_MEMBERS>
export function structure<Required extends Members, Optional extends Members>(
  required: Required,
  optional: Optional,
): StructureShape<Required, Optional>
export function structure(required: Members, optional: Members = NO_MEMBERS): StructureShape {
  return { type: "structure", required, optional }
}
