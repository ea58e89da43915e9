import { literalPrefix } from "../core/group/glob.ts"
import type { Kind } from "../core/access/rights.ts"
import type { Failure } from "../core/errors.ts"
import { MAX_FILTERED_LIST_CALLS, MAX_LIST_PAGE } from "../core/limits.ts"
import { ok, type Result } from "../core/result.ts"
import type { ListRequest, Page } from "../objects/contract.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { Scope } from "./env.ts"

/** One page of the catalog. */
type List<Item> = (request: ListRequest) => Promise<Result<Page<Item>, Failure>>

/** Names that begin alike, or where it is `exact` the one of that name. */
interface Range {
  readonly prefix: string
  readonly exact: boolean
}

/**
 * One page of the names of `kind` that the caller may read: filled, and with a cursor only where there are more of
 * them, so that it tells nothing of the names in between.
 */
export async function listReadable<Item extends { readonly name: string }>(
  { caller }: Scope,
  kind: Kind,
  request: ListRequest,
  list: List<Item>,
): Promise<Result<Page<Item>, Failure>> {
  const patterns = caller.access.patterns("read", kind)
  if (patterns === null) return list(request)
  const found: Item[] = []
  let calls = 0
  for (const { prefix, exact } of rangesOf(patterns, request.prefix)) {
    let cursor = request.cursor
    do {
      calls += 1
      if (calls > MAX_FILTERED_LIST_CALLS) return invalidField("/prefix", "must be longer: too many names begin so")
      const page = await list({ prefix, limit: exact ? 1 : MAX_LIST_PAGE, cursor })
      if (!page.ok) return page
      found.push(...page.value.items.filter(({ name }) => isReadable(name, exact ? prefix : null)))
      if (found.length > request.limit) return ok(pageOf(found, request.limit))
      cursor = exact ? null : page.value.cursor
    } while (cursor !== null)
  }
  return ok({ items: found, cursor: null })

  function isReadable(name: string, only: string | null): boolean {
    return (only === null || name === only) && caller.access.allows("read", kind, name)
  }
}

/** Where names are that match one of `patterns` and begin with `prefix`: in order, and none in two of them. */
function rangesOf(patterns: readonly string[], prefix: string): Range[] {
  const ranges = patterns.flatMap((pattern): Range[] => {
    const own = literalPrefix(pattern)
    const exact = own === pattern
    if (own.startsWith(prefix)) return [{ prefix: own, exact }]
    return !exact && prefix.startsWith(own) ? [{ prefix, exact: false }] : []
  })
  const wide = ranges.filter(({ exact }) => !exact).map((range) => range.prefix)
  const isCovered = (range: Range): boolean =>
    wide.some((other) => range.prefix.startsWith(other) && (range.exact || range.prefix !== other))
  const byPrefix = new Map(ranges.filter((range) => !isCovered(range)).map((range) => [range.prefix, range]))
  return [...byPrefix.values()].toSorted((one, other) => (one.prefix < other.prefix ? -1 : 1))
}

function pageOf<Item extends { readonly name: string }>(found: readonly Item[], limit: number): Page<Item> {
  const items = found.slice(0, limit)
  return { items, cursor: items.at(-1)!.name }
}
