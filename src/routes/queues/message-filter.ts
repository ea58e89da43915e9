import type { MessageFilter } from "../../core/queue/operator/commands.ts"

/** A filter as a request says it: what is left out matches everything. */
export interface GivenFilter {
  readonly reason?: string
  readonly header?: { readonly name: string; readonly value: string }
  readonly groupId?: string
  readonly sentAfter?: number
  readonly sentBefore?: number
}

/** The same in a query, where a header is one text. */
export type FilterQuery = Omit<GivenFilter, "header"> & { readonly header?: string }

/** `given` as objects take it. */
export function filterOf(given: GivenFilter): MessageFilter {
  const { reason = null, header = null, groupId = null, sentAfter = null, sentBefore = null } = given
  return { reason, header, groupId, sentAfter, sentBefore }
}

/** The filter in a query: a header is `name:value`. */
export function filterOfQuery({ header, ...query }: FilterQuery): MessageFilter {
  if (header === undefined) return filterOf(query)
  const colon = header.indexOf(":")
  return filterOf({ ...query, header: { name: header.slice(0, colon), value: header.slice(colon + 1) } })
}

/** The inverse of `filterOf`. */
export function filterView(filter: MessageFilter): GivenFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, wanted]) => wanted !== null))
}
