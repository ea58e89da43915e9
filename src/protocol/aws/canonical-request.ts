import { canonicalPath, canonicalQuery } from "./canonical-uri.ts"

/** A request as far as it is signed. */
export interface SignableRequest {
  readonly method: string
  /** As it was sent, without host and query. */
  readonly path: string
  /** As it was sent, without the question mark. */
  readonly query: string
  /** The value of a header by its name in lower case; several of one name with commas between; null for none. */
  readonly header: (name: string) => string | null
}

const PLAIN_VALUE = /^\S+(?: \S+)*$/

/** The text whose hash is signed (`[A16]`). `unsignedParameter` is left out of the query. */
export function canonicalRequest(
  { method, path, query, header }: SignableRequest,
  signedHeaders: string,
  payloadHash: string,
  unsignedParameter: string | null = null,
): string {
  let headers = ""
  for (const name of signedHeaders.split(";")) headers += `${name}:${canonicalValue(header(name))}\n`
  const parameters = canonicalQuery(query, unsignedParameter)
  return `${method}\n${canonicalPath(path)}\n${parameters}\n${headers}\n${signedHeaders}\n${payloadHash}`
}

/** Without spaces around it, and with single ones in it, as most are sent. */
function canonicalValue(value: string | null): string {
  if (value === null) return ""
  return PLAIN_VALUE.test(value) ? value : value.trim().replaceAll(/\s+/g, " ")
}
