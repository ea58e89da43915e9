import type { Address } from "./address.ts"
import { abortedError, errorOf, MillraceError } from "./errors.ts"

/** What every request of administration takes. */
export interface AdminOptions {
  /** Gives up waiting; what was asked may have been done. */
  readonly signal?: AbortSignal
}

/** What one page of a list is asked for. */
export interface ListQuery {
  /** Only names that begin with it. */
  readonly prefix?: string
  /** At most so many, from 1 to 1,000. */
  readonly limit?: number
  /** Of the page before. */
  readonly cursor?: string
}

/**
 * One request. Rejects with MillraceError: the broker's, `unavailable` where nobody answers, or `aborted`.
 * @internal
 */
export type Ask = <Answer>(
  request: `${"GET" | "PUT" | "POST" | "DELETE"} ${string}`,
  options: AdminOptions | undefined,
  what?: { readonly query?: object | undefined; readonly json?: unknown },
) => Promise<Answer>

/**
 * What asks the broker at `address`.
 * @internal
 */
export function askOf(address: Address): Ask {
  return async <Answer>(
    request: string,
    { signal }: AdminOptions = {},
    { query = {}, json }: { readonly query?: object | undefined; readonly json?: unknown } = {},
  ) => {
    const [method = "", path = ""] = request.split(" ")
    const given = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
    const body =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { "content-type": "application/json" } }
    try {
      const response = await address.fetch(`v1/${path}?${search}`, { method, ...body, ...(signal && { signal }) })
      const text = await response.text()
      const answer = (text === "" ? undefined : JSON.parse(text)) as Answer
      if (response.ok) return answer
      throw errorOf(answer)
    } catch (error) {
      if (error instanceof MillraceError) throw error
      if (signal?.aborted) throw abortedError(signal)
      throw new MillraceError("unavailable", "The broker can't be reached.", { cause: error })
    }
  }
}
