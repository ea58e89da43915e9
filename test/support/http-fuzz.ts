import { request as httpRequest } from "node:http"
import fc from "fast-check"

/** A request as a hostile or broken client makes it; nothing in between makes it better. */
export interface WildRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What came back. */
export interface WildAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const encoder = new TextEncoder()
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>
/** Numbers near the limits that operations have. */
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 255, 256, 257, 1000, 1001, 20_000, 20_001, 43_200_000, 43_200_001, 2 ** 53, 1e308),
  fc.integer(),
  fc.double(),
)
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.base64String(),
  fc.constantFrom("", "earliest", "__proto__"),
)
const value = fc.oneof(number, text, json, fc.constantFrom(null, true, false, [], {}))

/** An object with some of `fields`, `required` among them, mostly as they should be; sometimes with one too many. */
export function wildObject(
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  required: readonly string[] = [],
): fc.Arbitrary<unknown> {
  const spoiled = Object.entries(fields).map(
    ([name, arbitrary]) => [name, fc.oneof({ weight: 19, arbitrary }, { weight: 1, arbitrary: value })] as const,
  )
  const object = fc.record(Object.fromEntries(spoiled), { requiredKeys: [...required] })
  const extended = fc.tuple(object, text, value).map(([known, name, extra]) => ({ ...known, [name]: extra }))
  return fc.oneof(
    { weight: 12, arbitrary: object },
    { weight: 1, arbitrary: extended },
    { weight: 1, arbitrary: value },
  )
}

/** Bodies: JSON that is nearly right, JSON that was damaged, and anything. */
export function wildBody(wanted: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> {
  const right = wanted.map((body) => encoder.encode(JSON.stringify(body)))
  const damaged = fc.tuple(right, fc.nat(), fc.uint8Array({ maxLength: 3 })).map(([bytes, at, junk]) => {
    const cut = bytes.length === 0 ? 0 : at % bytes.length
    return Uint8Array.from([...bytes.subarray(0, cut), ...junk, ...bytes.subarray(cut + (at % 2))])
  })
  return fc.oneof(
    { weight: 8, arbitrary: right },
    { weight: 2, arbitrary: damaged },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  )
}

/** Queries: parameters that exist, with values that may not, and others. */
export function wildQuery(names: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names, "raw") }, { weight: 1, arbitrary: text })
  const raw = fc.stringMatching(/^[!-"$-~]{0,12}$/)
  const pairs = fc.array(
    fc.tuple(name, fc.oneof(number.map(String), text, fc.constantFrom("earliest", "latest", "true"))),
    {
      maxLength: 3,
    },
  )
  const encoded = pairs.map((list) => list.map(([key, given]) => `${quoted(key)}=${quoted(given)}`).join("&"))
  return fc.oneof({ weight: 8, arbitrary: fc.constant("") }, { weight: 3, arbitrary: encoded }, raw).map((query) => {
    return query === "" ? "" : `?${query}`
  })
}

/** Parts of a path that are no names, or of nothing that exists. */
export const wildName = fc.oneof(
  text.filter((part) => part !== "").map(quoted),
  fc.stringMatching(/^[!-"$-.0->@-~]{1,12}$/).filter((part) => part !== "." && part !== ".."),
  fc.constantFrom("%", "%zz", "%00", "%C0%AF", "..%2F", "__proto__", "constructor", "a".repeat(200)),
)

/** Headers that operations look at, with values that they may not expect, and others. */
export const wildHeaders: fc.Arbitrary<Record<string, string>> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("application/json") },
      fc.constantFrom(
        "application/json",
        "text/plain",
        "application/JSON;x",
        "a/b+json",
        ";",
        "multipart/form-data",
        "",
      ),
    ),
    fc.dictionary(
      fc.constantFrom(
        "millrace-header-x",
        "millrace-header-",
        "millrace-group-id",
        "millrace-delay-ms",
        "millrace-deliver-at",
        "millrace-dedup-id",
        "millrace-x",
        "idempotency-key",
        "upgrade",
        "sec-websocket-protocol",
        "sec-websocket-key",
        "accept",
        "range",
        "if-none-match",
        "host",
        "x-y",
        "cookie",
      ),
      fc.stringMatching(/^[ -~\u00a0-\u00ff]{0,20}$/),
      { maxKeys: 3 },
    ),
  )
  .map(([type, headers]) => ({ ...headers, "content-type": type }))

/** Sends `wild` as it stands. */
export function sendWild(url: string, token: string, wild: WildRequest): Promise<WildAnswer> {
  const { hostname, port } = new URL(url)
  const { method, path, body } = wild
  const headers = { ...wild.headers, authorization: `Bearer ${token}`, "content-length": String(body.length) }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
      let received = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (received += chunk))
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text: received })
      })
    })
    request.on("error", reject)
    request.end(body)
  })
}

/** A lone surrogate has no encoding: it becomes what a decoder makes of it. */
function quoted(part: string): string {
  return encodeURIComponent(part.toWellFormed())
}
