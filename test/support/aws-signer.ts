import { createHash, createHmac } from "node:crypto"

/** What a client signs with. */
export interface SigningKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** One request to be signed, by other means than the broker's. */
export interface Unsigned {
  readonly method?: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly region?: string
  readonly service?: string
  /** Milliseconds since the epoch; now unless told otherwise. */
  readonly at?: number
  /** Says the time as HTTP does, not as AWS does. */
  readonly hasHttpDate?: true
}

/** What `fetch` takes. */
export interface Signed {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body?: string
}

/** Signs in a header, as SDKs do for what they send at once. */
export function sign(key: SigningKey, unsigned: Unsigned): Signed {
  const { method, url, body } = { method: "POST", ...unsigned }
  const { pathname, search, host } = new URL(url)
  const { date, scope, secret } = termsOf(key, unsigned)
  const time = unsigned.hasHttpDate
    ? { date: new Date(unsigned.at ?? Date.now()).toUTCString() }
    : { "x-amz-date": date }
  const sent: Record<string, string> = { ...unsigned.headers, ...time }
  const { names, lines } = signable({ ...sent, host })
  const canonical = [method, escaped(pathname), sorted(search), lines, names, sha256(body ?? "")].join("\n")
  const signature = hmac(secret, textOf(date, scope, canonical)).toString("hex")
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { method, url, headers: { ...sent, authorization }, ...(body === undefined ? {} : { body }) }
}

/** Signs in the query, for somebody else to send. */
export function presign(
  key: SigningKey,
  unsigned: Unsigned,
  expiresInSeconds: number | null = 60,
  more: Readonly<Record<string, string>> = {},
): Signed {
  const { method, url, headers = {}, body } = { method: "GET", ...unsigned }
  const { pathname, host, origin, searchParams } = new URL(url)
  const { date, scope, secret } = termsOf(key, unsigned)
  const { names, lines } = signable({ ...headers, host })
  const query = new URLSearchParams(searchParams)
  query.set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
  query.set("X-Amz-Credential", `${key.accessKeyId}/${scope}`)
  query.set("X-Amz-Date", date)
  if (expiresInSeconds !== null) query.set("X-Amz-Expires", String(expiresInSeconds))
  query.set("X-Amz-SignedHeaders", names)
  for (const [name, value] of Object.entries(more)) query.set(name, value)
  const canonical = [method, escaped(pathname), sorted(`?${query}`), lines, names, sha256(body ?? "")].join("\n")
  query.set("X-Amz-Signature", hmac(secret, textOf(date, scope, canonical)).toString("hex"))
  const signed = { method, url: `${origin}${pathname}?${query}`, headers: { ...headers } }
  return body === undefined ? signed : { ...signed, body }
}

function termsOf(key: SigningKey, { region = "eu-central-1", service = "sqs", at = Date.now() }: Unsigned) {
  const date = new Date(at).toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "")
  const day = date.slice(0, 8)
  const parts = [day, region, service, "aws4_request"]
  const secret = parts.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`)
  return { date, scope: parts.join("/"), secret }
}

function signable(headers: Readonly<Record<string, string>>): { names: string; lines: string } {
  const entries = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim().split(/\s+/).join(" ")] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return {
    names: entries.map(([name]) => name).join(";"),
    lines: entries.map(([name, value]) => `${name}:${value}\n`).join(""),
  }
}

function textOf(date: string, scope: string, canonical: string): string {
  return ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")
}

function sorted(search: string): string {
  const entries = [...new URLSearchParams(search)].map(([name, value]) => [encoded(name), encoded(value)] as const)
  return entries
    .toSorted(([name, value], [other, otherValue]) => (name === other ? order(value, otherValue) : order(name, other)))
    .map((entry) => entry.join("="))
    .join("&")
}

function order(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function escaped(path: string): string {
  return path.split("/").map(encoded).join("/")
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
