const SCHEME_END = "://"

/** Scheme and authority of `url`, as the client wrote them: they are not looked at, and may be none. */
export function originOf(url: string): string {
  return url.slice(0, pathStart(url))
}

/** What follows the authority, without a query. */
export function pathOf(url: string): string {
  const query = url.indexOf("?")
  return url.slice(pathStart(url), query === -1 ? url.length : query)
}

/** What follows the question mark; empty where there is none. */
export function queryTextOf(url: string): string {
  const start = url.indexOf("?")
  return start === -1 ? "" : url.slice(start + 1)
}

function pathStart(url: string): number {
  const start = url.indexOf("/", url.indexOf(SCHEME_END) + SCHEME_END.length)
  return start === -1 ? url.length : start
}
