import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { type Problem, problemOf } from "../protocol/native/problems.ts"

const JSON_HEADERS = { "Content-Type": "application/json" }

/** 200 with JSON that is written already. */
export function jsonText(text: string): Result<Response, never> {
  return ok(new Response(text, { headers: JSON_HEADERS }))
}

/** An answer with `value` as JSON. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Result<Response, never> {
  return ok(new Response(JSON.stringify(value), { status, headers: { ...JSON_HEADERS, ...headers } }))
}

/** 202 without a body. */
export function accepted(): Result<Response, never> {
  return ok(new Response(null, { status: 202 }))
}

/** 204. */
export function noContent(): Result<Response, never> {
  return ok(new Response(null, { status: 204 }))
}

/** The answer to a request that is refused. */
export function refusal(failure: Failure): Response {
  return problemResponse(problemOf(failure))
}

/** `problem` as an answer. */
export function problemResponse({ status, headers, document }: Problem): Response {
  return new Response(JSON.stringify(document), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  })
}
