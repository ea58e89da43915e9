import type { Failure } from "../core/errors.ts"
import { MAX_BODY_BYTES, MAX_DISCARD_MS, MAX_DISCARDED_BODY_BYTES } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { type JsonText, parseJsonBytes } from "../protocol/native/json-text.ts"

const NOT_JSON = err<Failure>({ code: "unsupported_media_type", accepted: ["application/json"] })
const BROKEN_OFF = err<Failure>({ code: "invalid_request", detail: "The body ended early." })

/** The content type of `request` without parameters, in lower case; empty where there is none. */
export function mediaType(request: Request): string {
  const header = request.headers.get("content-type")
  if (header === null || header === "application/json") return header ?? ""
  const end = header.indexOf(";")
  return (end === -1 ? header : header.slice(0, end)).trim().toLowerCase()
}

/** The body of `request`, refused as soon as it is known to be too large. */
export async function readBytes(request: Request, limitBytes = MAX_BODY_BYTES): Promise<Result<Uint8Array, Failure>> {
  const length = request.headers.get("content-length")
  if (Number(length) > limitBytes) return tooLarge(limitBytes)
  try {
    return length === null ? await readChunks(request, limitBytes) : ok(new Uint8Array(await request.arrayBuffer()))
  } catch {
    return BROKEN_OFF
  }
}

/** The body of `request` as JSON. */
export async function readJson(request: Request): Promise<Result<JsonText, Failure>> {
  if (!isJson(request)) return NOT_JSON
  const bytes = await readBytes(request)
  return bytes.ok ? parseJsonBytes(bytes.value) : bytes
}

/** A JSON body that may be left out, `{}` then. */
export async function readOptionalJson(request: Request): Promise<Result<JsonText, Failure>> {
  const bytes = await readBytes(request)
  if (!bytes.ok) return bytes
  if (bytes.value.length === 0) return ok({ text: "{}", value: {} })
  return isJson(request) ? parseJsonBytes(bytes.value) : NOT_JSON
}

/** JSON is what says so, or says nothing. */
function isJson(request: Request): boolean {
  const type = mediaType(request)
  return type === "" || type === "application/json" || type.endsWith("+json")
}

function tooLarge(limitBytes: number): Result<never, Failure> {
  return err({ code: "payload_too_large", limitBytes })
}

async function readChunks(request: Request, limitBytes: number): Promise<Result<Uint8Array, Failure>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunksOf(request)) {
    length += chunk.length
    if (length > limitBytes) return tooLarge(limitBytes)
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let position = 0
  for (const chunk of chunks) {
    bytes.set(chunk, position)
    position += chunk.length
  }
  return ok(bytes)
}

/**
 * Reads what is left of the body of a refused `request` and throws it away, within limits: a client that is still
 * writing when the connection closes sees a broken pipe instead of the answer.
 */
export async function discardBody(request: Request): Promise<void> {
  if (request.body === null || Number(request.headers.get("content-length")) > MAX_DISCARDED_BODY_BYTES) return
  let timer: ReturnType<typeof setTimeout> | null = null
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MAX_DISCARD_MS)
  })
  await Promise.race([readToEnd(request), timeout])
  if (timer !== null) clearTimeout(timer)
}

async function readToEnd(request: Request): Promise<void> {
  let length = 0
  try {
    for await (const chunk of chunksOf(request)) {
      length += chunk.length
      if (length > MAX_DISCARDED_BODY_BYTES) return
    }
  } catch {
    // a body that broke off, or that somebody read to its end, holds nobody up
  }
}

/** What is unread of the body; to stop reading it leaves the rest readable. */
function chunksOf({ body }: Request): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return (body?.values({ preventCancel: true }) as AsyncIterable<Uint8Array> | undefined) ?? []
}
