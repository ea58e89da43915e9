import { NAME_PATTERN } from "../../core/limits.ts"
import { ok } from "../../core/result.ts"
import { refuse, type SqsResult } from "./errors.ts"
import { MAX_LISTED_QUEUES } from "./limits.ts"

/** One page of a list of queues: how many, and the name that it begins behind. */
export interface ListPage {
  readonly limit: number
  readonly cursor: string | null
}

/** The page that a request asks for. */
export function listPage(input: { readonly MaxResults?: number; readonly NextToken?: string }): SqsResult<ListPage> {
  const { MaxResults: limit = MAX_LISTED_QUEUES, NextToken: token } = input
  if (limit < 1 || limit > MAX_LISTED_QUEUES) {
    const range = `MaxResults must be an integer between 1 and ${MAX_LISTED_QUEUES}.`
    return refuse("InvalidParameterValue", `Value for parameter MaxResults is invalid. Reason: ${range}`)
  }
  if (token === undefined) return ok({ limit, cursor: null })
  const cursor = nameIn(token)
  return cursor === null ? refuse("InvalidParameterValue", "Invalid NextToken value.") : ok({ limit, cursor })
}

/** What asks for the page behind `cursor`; nothing at the end, and for whoever did not say how many it wants. */
export function nextToken(
  input: { readonly MaxResults?: number },
  cursor: string | null,
): { readonly NextToken?: string } {
  return cursor === null || input.MaxResults === undefined ? {} : { NextToken: btoa(cursor) }
}

function nameIn(token: string): string | null {
  try {
    const name = atob(token)
    return NAME_PATTERN.test(name) ? name : null
  } catch {
    return null
  }
}
