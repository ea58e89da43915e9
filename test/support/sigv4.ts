import { createHash, createHmac } from "node:crypto"

/** What a request is signed with. */
export interface SigningKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What is signed; the query is in the URL. */
export interface Unsigned {
  readonly method: "GET" | "POST"
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const ALGORITHM = "AWS4-HMAC-SHA256"
const SCOPE = "us-east-1/sqs/aws4_request"

/** The headers of a request, its signature by Signature Version 4 among them. */
export function signed(request: Unsigned, key: SigningKey, at = new Date()): Record<string, string> {
  const time = timestamp(at)
  const headers = { ...request.headers, host: request.url.host, "x-amz-date": time }
  const names = Object.keys(headers).toSorted().join(";")
  const signature = sign(canonical(request, headers, names), time, key)
  const credential = `${key.accessKeyId}/${time.slice(0, 8)}/${SCOPE}`
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** A URL that whoever has it may get for `expiresInS` seconds. */
export function presigned(url: URL, key: SigningKey, expiresInS: number, at = new Date()): URL {
  const time = timestamp(at)
  const whole = new URL(url)
  const terms = {
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${key.accessKeyId}/${time.slice(0, 8)}/${SCOPE}`,
    "X-Amz-Date": time,
    "X-Amz-Expires": String(expiresInS),
    "X-Amz-SignedHeaders": "host",
  }
  for (const [name, value] of Object.entries(terms)) whole.searchParams.set(name, value)
  const request = canonical({ method: "GET", url: whole }, { host: whole.host }, "host")
  whole.searchParams.set("X-Amz-Signature", sign(request, time, key))
  return whole
}

function canonical(request: Unsigned, headers: Readonly<Record<string, string>>, names: string): string {
  const { method, url, body = "" } = request
  const query = [...url.searchParams]
    .map(([name, value]): [string, string] => [encoded(name), encoded(value)])
    .toSorted(([name, value], [other, second]) => compare(name, other) || compare(value, second))
    .map((pair) => pair.join("="))
  const lines = Object.entries(headers)
    .toSorted(([name], [other]) => compare(name, other))
    .map(([name, value]) => `${name}:${value}\n`)
  const path = url.pathname.split("/").map(encoded).join("/")
  return [method, path, query.join("&"), lines.join(""), names, sha256(body)].join("\n")
}

function sign(request: string, time: string, { secretAccessKey }: SigningKey): string {
  const day = time.slice(0, 8)
  const scope = [day, ...SCOPE.split("/")]
  const derived = scope.reduce(hmac, new TextEncoder().encode(`AWS4${secretAccessKey}`))
  const text = [ALGORITHM, time, `${day}/${SCOPE}`, sha256(request)].join("\n")
  return createHmac("sha256", derived).update(text).digest("hex")
}

function timestamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:]|\.\d+/g, "")
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  })
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function hmac(key: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac("sha256", key).update(text).digest())
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
