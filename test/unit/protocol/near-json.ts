import fc from "fast-check"

/** Any JSON value. */
const anything = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>

/**
 * Objects that are nearly what a parser expects: each field is mostly as `fields` has it, sometimes missing, sometimes
 * anything; and sometimes there is one too many.
 */
export function nearly(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const spoiled = Object.entries(fields).map(([name, value]) => {
    return [name, fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: anything })] as const
  })
  const object = fc.record(Object.fromEntries(spoiled), { requiredKeys: [] })
  return fc.oneof(
    { weight: 12, arbitrary: object },
    { weight: 1, arbitrary: fc.tuple(object, anything).map(([known, extra]) => ({ ...known, extra })) },
    { weight: 1, arbitrary: anything },
  )
}

/** Mostly a batch of `entry`, sometimes none or not a list at all. */
export function nearlyBatch(name: string, entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return nearly({ [name]: fc.array(entry, { maxLength: 3 }) })
}

/** Headers as most messages have them. */
export const headers = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.oneof({ weight: 20, arbitrary: fc.string() }, { weight: 1, arbitrary: anything }),
  { maxKeys: 4 },
)

/** Bodies of every kind. */
export const body = fc.oneof(fc.string({ unit: "binary" }), anything)

/** Bytes in base64. */
export const base64 = fc.base64String()

/** Whether valibot sees what is wrong with `value`: it takes lone surrogates, and arrays where objects are asked for. */
export function isVisibleToSchema(value: unknown): boolean {
  return !/\\ud[89a-f]|"headers":\[/.test(JSON.stringify(value))
}
