import { isInRange } from "../aws/ip-range.ts"
import { matchesWildcard } from "../aws/wildcard.ts"
import type { Condition } from "./policy-statement.ts"

/** True, false, or null where nobody here can tell. */
export type Verdict = boolean | null

/** What a request has under a condition key, in lower case; undefined where it has nothing. */
export type Context = (key: string) => string | undefined

type Compare = (actual: string, wanted: string) => Verdict

const FOR_ANY = "ForAnyValue:"
const FOR_ALL = "ForAllValues:"
const IF_EXISTS = "IfExists"

const COMPARISONS: ReadonlyMap<string, Compare> = new Map(
  Object.entries({
    StringEquals: (actual: string, wanted: string) => actual === wanted,
    StringEqualsIgnoreCase: (actual: string, wanted: string) => actual.toLowerCase() === wanted.toLowerCase(),
    StringLike: (actual: string, wanted: string) => matchesWildcard(wanted, actual),
    ArnEquals: matchesArn,
    ArnLike: matchesArn,
    Bool: (actual: string, wanted: string) => actual.toLowerCase() === wanted.toLowerCase(),
    IpAddress: isInRange,
    ...ordered("Numeric", numberOf),
    ...ordered("Date", instantOf),
  }),
)

/** Each is true where the one that it denies is true of no value. */
const NEGATIONS: ReadonlyMap<string, string> = new Map([
  ["StringNotEquals", "StringEquals"],
  ["StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase"],
  ["StringNotLike", "StringLike"],
  ["ArnNotEquals", "ArnEquals"],
  ["ArnNotLike", "ArnLike"],
  ["NotIpAddress", "IpAddress"],
  ["NumericNotEquals", "NumericEquals"],
  ["DateNotEquals", "DateEquals"],
])

/** Whether all of `conditions` hold; null where one of them can't be told and none is false. */
export function allHold(conditions: readonly Condition[], context: Context, hasVariables: boolean): Verdict {
  let verdict: Verdict = true
  for (const condition of conditions) {
    const held = holds(condition, context, hasVariables)
    if (held === false) return false
    if (held === null) verdict = null
  }
  return verdict
}

/** Every key here has one value at most, so that it makes little difference whether any or all of them are asked for. */
function holds({ operator, key, values }: Condition, context: Context, hasVariables: boolean): Verdict {
  const isForAll = operator.startsWith(FOR_ALL)
  const isForAny = operator.startsWith(FOR_ANY)
  const unprefixed = operator.slice(isForAll ? FOR_ALL.length : isForAny ? FOR_ANY.length : 0)
  const actual = context(key)
  if (unprefixed === "Null") return anyOf(values, (wanted) => isNull(actual, wanted.toLowerCase()))
  const isIfExists = unprefixed.endsWith(IF_EXISTS)
  const name = isIfExists ? unprefixed.slice(0, -IF_EXISTS.length) : unprefixed
  const denied = NEGATIONS.get(name)
  const compare = COMPARISONS.get(denied ?? name)
  if (compare === undefined) return null
  if (actual === undefined) return isIfExists || isForAll || (denied !== undefined && !isForAny)
  const matched = anyOf(values, (wanted) => (hasVariables && wanted.includes("${") ? null : compare(actual, wanted)))
  return denied === undefined || matched === null ? matched : !matched
}

function isNull(actual: string | undefined, wanted: string): Verdict {
  if (wanted !== "true" && wanted !== "false") return null
  return (actual === undefined) === (wanted === "true")
}

/** Whether one of `values` passes; null where none does and one can't be told. */
export function anyOf(values: readonly string[], test: (value: string) => Verdict): Verdict {
  let verdict: Verdict = false
  for (const value of values) {
    const passed = test(value)
    if (passed === true) return true
    if (passed === null) verdict = null
  }
  return verdict
}

function ordered(prefix: string, valueOf: (text: string) => number): Readonly<Record<string, Compare>> {
  const by =
    (test: (actual: number, wanted: number) => boolean): Compare =>
    (actual, wanted) => {
      const [left, right] = [valueOf(actual), valueOf(wanted)]
      return Number.isNaN(left) || Number.isNaN(right) ? null : test(left, right)
    }
  return {
    [`${prefix}Equals`]: by((actual, wanted) => actual === wanted),
    [`${prefix}LessThan`]: by((actual, wanted) => actual < wanted),
    [`${prefix}LessThanEquals`]: by((actual, wanted) => actual <= wanted),
    [`${prefix}GreaterThan`]: by((actual, wanted) => actual > wanted),
    [`${prefix}GreaterThanEquals`]: by((actual, wanted) => actual >= wanted),
  }
}

function numberOf(text: string): number {
  return text.trim() === "" ? NaN : Number(text)
}

/** An ISO 8601 date, or seconds since the epoch. */
function instantOf(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}

/** Part by part, so that a `*` stands for nothing beyond its colon. */
function matchesArn(actual: string, wanted: string): boolean {
  const [parts, patterns] = [arnParts(actual), arnParts(wanted)]
  if (parts.length !== patterns.length) return false
  return patterns.every((pattern, at) => matchesWildcard(pattern, parts[at]!))
}

/** The last of an ARN's six parts may hold colons itself. */
function arnParts(text: string): readonly string[] {
  const parts = text.split(":")
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")]
}
